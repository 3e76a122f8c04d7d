"""Writes state dicts of a small resnet8 as different programs save them, and the network's logits.

Usage: save_state_dicts.py FOLDER
"""
import os
import pathlib
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


class ResNet8(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(Block(4, 4, 1))
        self.layer2 = nn.Sequential(Block(4, 8, 2))
        self.layer3 = nn.Sequential(Block(8, 16, 2))
        self.fc = nn.Linear(16, 5)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))


class Command:
    """Runs a command wherever it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.system, (f"touch {self.folder}/executed",)


def prefixed(prefix, state):
    return {prefix + name: value for name, value in state.items()}


def save_several(folder, state):
    """Checkpoints with more tensors than those of the network, which are "state" wherever the best name is."""
    zeros = {name: value * 0 for name, value in state.items()}
    steps = torch.tensor(3)
    averaged = {**prefixed("module.", zeros), "n_averaged": steps}
    torch.save({"ema_state_dict": zeros, "state_dict": state}, folder / "ema.pt")
    torch.save({"model_ema": zeros, "model": state}, folder / "model_ema.pt")
    torch.save({"ema": averaged, "state_dict": state}, folder / "averaged.pt")
    torch.save({"state_dict": {**prefixed("ema_model.", zeros), **prefixed("model.", state)}}, folder / "prefixes.pt")
    torch.save({**prefixed("ema.", zeros), **state}, folder / "inside.pt")
    torch.save({"state_dict": {**prefixed("model.", state), "criterion.weight": torch.ones(5)}, "epoch": 1}, folder / "lightning.pt")
    torch.save({**prefixed("module.", state), "n_averaged": steps}, folder / "swa.pt")
    torch.save({"teacher": zeros, "student": state}, folder / "student.pt")
    torch.save({"state_dict": {**zeros, "aux.weight": steps * 1.0}, "ema": state}, folder / "aux.pt")


def save_types(folder, state):
    """Tensors that are legal but not usual."""
    torch.save({**state, "fc.weight": torch.rand(1, 16), "fc.bias": torch.rand(1)}, folder / "one.pt")
    torch.save({**state, "fc.bias": torch.full((1,), 0.5).expand(5)}, folder / "expanded.pt")
    torch.save({**state, "fc.bias": torch.full((1,), 0.5).expand(1 << 25)}, folder / "huge.pt")
    torch.save({name: value.to(torch.int8) for name, value in state.items()}, folder / "int8.pt")
    torch.save({**state, "fc.weight": state["fc.weight"].to_sparse()}, folder / "sparse.pt")
    torch.save({**state, "fc.weight": torch.quantize_per_tensor(state["fc.weight"], 0.1, 0, torch.qint8)}, folder / "quantised.pt")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    model = ResNet8().eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    images = torch.randn(3, 3, 16, 16)
    np.save(folder / "images.npy", images.numpy())
    np.save(folder / "logits.npy", model(images).detach().numpy())

    state = model.state_dict()
    renamed = {name.replace("downsample", "shortcut").replace("fc.", "linear."): value for name, value in state.items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    checkpoint = {
        "epoch": 3, "accuracy": 0.5, "best": None, "done": True, "seed": 2**40, "names": ["a", ("b", 1)],
        "state_dict": {f"module.{name}": value for name, value in state.items()}, "optimizer": optimizer.state_dict()}
    torch.save(state, folder / "plain.pt")
    torch.save(renamed, folder / "renamed.pt")
    torch.save(checkpoint, folder / "checkpoint.pt")
    torch.save(dict(model.named_parameters()) | dict(model.named_buffers()), folder / "parameters.pt")
    torch.save({name: value.double() if value.is_floating_point() else value for name, value in state.items()}, folder / "double.pt")
    torch.save({name: value.t().contiguous().t() if value.dim() == 2 else value for name, value in state.items()}, folder / "strided.pt")
    torch.save(state, folder / "protocol4.pt", pickle_protocol=4)
    torch.save({name: value.half() if value.is_floating_point() else value for name, value in state.items()}, folder / "half.pt")

    save_several(folder, state)
    save_types(folder, state)
    torch.save(model, folder / "whole.pt")
    torch.save(state, folder / "old.pt", _use_new_zipfile_serialization=False)
    torch.save({**state, "extra": Command(folder)}, folder / "command.pt")
    torch.jit.trace(model, images).save(str(folder / "script.pt"))
    wrong = dict(state)
    del wrong["layer1.0.bn2.bias"]
    wrong["layer4.weight"] = torch.zeros(2)
    wrong["conv1.weight"] = torch.zeros(4, 3, 5, 5)
    torch.save(wrong, folder / "wrong.pt")


main()
