"""Makes training.json: 20 training steps of resnet8 and A-ConvNet in PyTorch, in double precision.

    apt-get install python3-torch        (Debian 12: PyTorch 1.13.1)
    OMP_NUM_THREADS=1 /usr/bin/python3 make_golden.py

Weights, images and labels come from the integer hash below, which GoldenInputs.cs repeats bit for bit, so nothing but the
results has to be stored. The losses of a float32 run are compared with the double ones, and their largest relative difference
is stored beside them: it says how tight a test of a float32 engine can be. The learning rates are so low because training is
chaotic: an activation near zero whose sign float32 rounding flips changes the losses of A-ConvNet by 1e-3 at five times its rate.
At the rates below, five runs with all weights and images disturbed by 3e-7 stayed within 1e-5 of the undisturbed losses.
"""
import json
import math
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

STEPS = 20
CLASSES = 10
MOMENTUM = 0.9
WEIGHT_DECAY = 0.05  # a hundred times the usual, else its absence would not show in 20 steps


def name_key(name):
    """FNV-1a of the name, 32 bits."""
    key = 0x811C9DC5
    for byte in name.encode("ascii"):
        key = (key ^ byte) * 0x01000193 & 0xFFFFFFFF
    return key


def hashed(name, count):
    """32 well-mixed bits of (name, index) for each index from 0 to count - 1."""
    x = np.uint32(name_key(name)) + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def uniform(name, count):
    """Numbers in [-1, 1) with 24 bits, exact in float32."""
    return (hashed(name, count) >> np.uint32(8)).astype(np.float64) / 2**23 - 1


def fill(model, classifier):
    """Kernels uniform with He's variance by fan-in (tamer steps than by fan-out), the classifier in 1/sqrt(fan-in),
    scales 1 +- 0.1, shifts and biases +- 0.1."""
    for name, parameter in model.named_parameters():
        shape = parameter.shape
        if name == f"{classifier}.weight":
            low, amplitude = 0.0, 1 / math.sqrt(parameter[0].numel())
        elif len(shape) == 4:
            low, amplitude = 0.0, math.sqrt(6 / parameter[0].numel())
        else:
            low, amplitude = (1.0 if name.endswith("weight") else 0.0), 0.1
        values = (low + amplitude * uniform(name, parameter.numel())).astype(np.float32)
        parameter.data = torch.from_numpy(values.reshape(shape)).to(parameter.dtype)


def batch(step, count, shape):
    """Images of noise plus half of their class's own pattern, so that there is something to learn."""
    size = math.prod(shape)
    labels = (hashed(f"labels.{step}", count) >> np.uint32(8)).astype(np.int64) % CLASSES
    noise = uniform(f"images.{step}", count * size).reshape(count, size)
    patterns = uniform("patterns", CLASSES * size).reshape(CLASSES, size)
    images = (noise + 0.5 * patterns[labels]).astype(np.float32)
    return torch.from_numpy(images.reshape(count, *shape)), torch.from_numpy(labels)


class Block(nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or inputs != channels:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet8(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(Block(16, 16, 1))
        self.layer2 = nn.Sequential(Block(16, 32, 2))
        self.layer3 = nn.Sequential(Block(32, 64, 2))
        self.fc = nn.Linear(64, CLASSES)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class AConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        channels = [1, 16, 32, 64, 128]
        for i, kernel in enumerate([5, 5, 6, 5]):
            setattr(self, f"conv{i + 1}", nn.Conv2d(channels[i], channels[i + 1], kernel))
            setattr(self, f"bn{i + 1}", nn.BatchNorm2d(channels[i + 1]))
        self.conv5 = nn.Conv2d(128, CLASSES, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        x = F.max_pool2d(F.relu(self.bn3(self.conv3(x))), 2)
        x = F.relu(self.bn4(self.conv4(x)))
        return self.conv5(x).flatten(1)


def train(case, dtype):
    model = case["model"]().to(dtype)
    fill(model, case["classifier"])
    optimiser = torch.optim.SGD(
        model.parameters(), lr=case["learning_rate"], momentum=MOMENTUM, weight_decay=WEIGHT_DECAY, nesterov=case["nesterov"])
    losses = []
    first_logits = None
    for step in range(STEPS):
        images, labels = batch(step, case["batch"], case["shape"])
        model.train()
        logits = model(images.to(dtype))
        first_logits = logits.detach() if first_logits is None else first_logits
        loss = F.cross_entropy(logits, labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    model.eval()
    images, _ = batch(STEPS, 2, case["shape"])
    with torch.no_grad():
        last_logits = model(images.to(dtype))
    return losses, first_logits[:2].flatten().tolist(), last_logits.flatten().tolist()


def main():
    cases = {
        "resnet8": dict(model=ResNet8, classifier="fc", shape=(3, 32, 32), batch=16, learning_rate=0.01, nesterov=True),
        "aconvnet": dict(model=AConvNet, classifier="conv5", shape=(1, 88, 88), batch=16, learning_rate=0.001, nesterov=False),
    }
    golden = {}
    for name, case in cases.items():
        losses, first, last = train(case, torch.float64)
        single, _, single_last = train(case, torch.float32)
        difference = max(abs(a - b) / abs(b) for a, b in zip(single, losses))
        last_difference = max(abs(a - b) for a, b in zip(single_last, last))
        print(name, f"float32 differs by {difference:.1e} (losses), {last_difference:.1e} (last logits)",
              [round(loss, 4) for loss in losses])
        golden[name] = dict(
            channels=case["shape"][0], side=case["shape"][1], classes=CLASSES, batch=case["batch"],
            learning_rate=case["learning_rate"], momentum=MOMENTUM, weight_decay=WEIGHT_DECAY, nesterov=case["nesterov"],
            losses=losses, first_training_logits=first, last_evaluation_logits=last,
            float32_loss_difference=difference, float32_last_logit_difference=last_difference)
    path = pathlib.Path(__file__).with_name("training.json")
    path.write_text(json.dumps({"torch": torch.__version__, "cases": golden}, indent=2) + "\n")


if __name__ == "__main__":
    main()
