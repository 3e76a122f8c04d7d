"""The networks of src/Dst.Training/Networks in PyTorch, layer by layer: the tables compare their numbers of weights with ours."""
import torch.nn.functional as F
from torch import nn


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


class InvertedResidual(nn.Module):
    """Expansion, depthwise convolution and linear projection; a shortcut where the shape stays."""

    def __init__(self, inputs, channels, expansion, stride):
        super().__init__()
        hidden = inputs * expansion
        self.shortcut = stride == 1 and inputs == channels
        self.layers = nn.Sequential(
            *unit(inputs, hidden, 1), *unit(hidden, hidden, 3, stride, 1, hidden),
            nn.Conv2d(hidden, channels, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        return x + self.layers(x) if self.shortcut else self.layers(x)


def unit(inputs, channels, kernel, stride=1, padding=0, groups=1):
    convolution = nn.Conv2d(inputs, channels, kernel, stride, padding, groups=groups, bias=False)
    return [convolution, nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]


def mobilenetv2(classes):
    layers, inputs = unit(3, 32, 3, 2, 1), 32
    stages = (1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)
    for expansion, channels, blocks, stride in stages:
        for block in range(blocks):
            layers.append(InvertedResidual(inputs, channels, expansion, stride if block == 0 else 1))
            inputs = channels
    return nn.Sequential(*layers, *unit(inputs, 1280, 1), *head(1280, classes))


# Network by name: how it is built, its input and its number of classes.
CIFAR = ((3, 32, 32), 100)
NETWORKS = {
    "resnet20": (resnet(3, 16, 16, 32, 64), *CIFAR),
    "resnet56": (resnet(9, 16, 16, 32, 64), *CIFAR),
    "resnet8x4": (resnet(1, 32, 64, 128, 256), *CIFAR),
    "resnet18": (resnet(2, 64, 64, 128, 256, 512), *CIFAR),
    "vgg8": (vgg8, *CIFAR),
    "aconvnet": (aconvnet, (1, 88, 88), 10),
    "mobilenetv2": (mobilenetv2, *CIFAR),
}
