"""Measures whole training steps in PyTorch of the networks that `dst bench train` knows; prints one JSON document.

The networks are those of src/Dst.Training/Networks, layer by layer; train_table.py compares their numbers of weights with ours.
"""
import argparse
import json
import time

import torch
import torch.nn.functional as F
from torch import nn

MIN_WARM_UP_STEPS = 3
WARM_UP_SECONDS = 0.5


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation; a 1x1 projection where the shape changes."""

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
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += x if self.downsample is None else self.downsample(x)
        return F.relu(y, inplace=True)


def head(channels, classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


def resnet(blocks, stem, *stages):
    def build(classes):
        layers = [nn.Conv2d(3, stem, 3, 1, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU(inplace=True)]
        inputs = stem
        for stage, channels in enumerate(stages):
            for block in range(blocks):
                layers.append(BasicBlock(inputs, channels, 2 if stage > 0 and block == 0 else 1))
                inputs = channels
        return nn.Sequential(*layers, *head(inputs, classes))

    return build


def vgg8(classes):
    layers, inputs = [], 3
    for block, channels in enumerate((64, 128, 256, 512, 512)):
        layers += [nn.Conv2d(inputs, channels, 3, 1, 1), nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
        if block < 3:
            layers.append(nn.MaxPool2d(2))
        inputs = channels
    return nn.Sequential(*layers, *head(inputs, classes))


def aconvnet(classes):
    layers, inputs = [], 1
    for channels, kernel in ((16, 5), (32, 5), (64, 6), (128, 5)):
        if channels == 128:
            layers.append(nn.Dropout(0.5))
        layers += [nn.Conv2d(inputs, channels, kernel), nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
        if channels < 128:
            layers.append(nn.MaxPool2d(2))
        inputs = channels
    return nn.Sequential(*layers, nn.Conv2d(inputs, classes, 3), nn.Flatten())


# Network by name: how it is built, its input and its number of classes.
CIFAR = ((3, 32, 32), 100)
NETWORKS = {
    "resnet20": (resnet(3, 16, 16, 32, 64), *CIFAR),
    "resnet56": (resnet(9, 16, 16, 32, 64), *CIFAR),
    "resnet8x4": (resnet(1, 32, 64, 128, 256), *CIFAR),
    "resnet18": (resnet(2, 64, 64, 128, 256, 512), *CIFAR),
    "vgg8": (vgg8, *CIFAR),
    "aconvnet": (aconvnet, (1, 88, 88), 10),
}


def peak_memory_bytes():
    """VmHWM of this process, which is what `dst bench train` reports too."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def measure(arch, batch, steps, memory_format):
    build, shape, classes = NETWORKS[arch]
    torch.manual_seed(1)
    model = build(classes).to(memory_format=memory_format).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4)
    images = torch.rand(batch, *shape).sub_(0.5).contiguous(memory_format=memory_format)
    labels = torch.arange(batch) % classes

    def step():
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
        return time.perf_counter() - start

    start, warm_up = time.perf_counter(), 0
    while warm_up < MIN_WARM_UP_STEPS or time.perf_counter() - start < WARM_UP_SECONDS:
        step()
        warm_up += 1
    seconds = sorted(step() for _ in range(steps))
    return seconds, sum(parameter.numel() for parameter in model.parameters())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", required=True, choices=NETWORKS)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--memory-format", choices=["contiguous", "channels_last"], default="contiguous")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    memory_format = torch.channels_last if options.memory_format == "channels_last" else torch.contiguous_format
    seconds, weights = measure(options.arch, options.batch, options.steps, memory_format)
    print(json.dumps({
        "torch": torch.__version__,
        "onednn": torch.backends.mkldnn.is_available(),
        "arch": options.arch,
        "batch": options.batch,
        "threads": torch.get_num_threads(),
        "memory_format": options.memory_format,
        "weights": weights,
        "steps": options.steps,
        "ms_per_image": 1e3 * seconds[0] / options.batch,
        "ms_per_image_median": 1e3 * seconds[len(seconds) // 2] / options.batch,
        "images_per_second": options.batch / seconds[0],
        "peak_memory_bytes": peak_memory_bytes(),
    }))


if __name__ == "__main__":
    main()
