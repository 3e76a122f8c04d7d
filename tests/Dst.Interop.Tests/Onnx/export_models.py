"""Writes small networks with random weights as ONNX files, with images for each: FOLDER/NAME.onnx and FOLDER/NAME.input.npy.

Needs Debian's python3-torch and python3-onnx. Usage: export_models.py FOLDER
"""
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F

IMAGES = 3
CLASSES = 5


def conv_unit(inputs, outputs, kernel=3, stride=1, padding=None, groups=1, activation=nn.ReLU):
    padding = kernel // 2 if padding is None else padding
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, activation()) if activation else nn.Sequential(*layers)


class Residual(nn.Module):
    """Two 3x3 convolutions; the shortcut is a projection, or every second pixel with channels of zeros added (option A)."""

    def __init__(self, inputs, outputs, stride, option_a):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.more = outputs - inputs
        self.option_a = option_a
        self.downsample = conv_unit(inputs, outputs, 1, stride, activation=None) if self.more and not option_a else None

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.downsample is not None:
            x = self.downsample(x)
        elif self.option_a and self.more:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))
        return F.relu(x + y)


class ResNet(nn.Module):
    def __init__(self, stem, stages, blocks, option_a=False):
        super().__init__()
        self.conv1 = nn.Conv2d(3, stem, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        inputs = stem
        for number, outputs in enumerate(stages):
            layer = []
            for block in range(blocks):
                layer.append(Residual(inputs, outputs, 2 if number and not block else 1, option_a))
                inputs = outputs
            setattr(self, f"layer{number + 1}", nn.Sequential(*layer))
        self.stages = len(stages)
        self.fc = nn.Linear(inputs, CLASSES)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        for number in range(self.stages):
            x = getattr(self, f"layer{number + 1}")(x)
        x = F.avg_pool2d(x, int(x.size(3))) if self.stages == 3 else F.adaptive_avg_pool2d(x, 1)
        return self.fc(x.view(x.size(0), -1))


class Preactivated(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if inputs != outputs else None

    def forward(self, x):
        y = F.relu(self.bn1(x))
        shortcut = x if self.shortcut is None else self.shortcut(y)
        return shortcut + self.conv2(F.dropout(F.relu(self.bn2(self.conv1(y))), 0.3, self.training))


class WideResNet(nn.Module):
    def __init__(self, depth, widths):
        super().__init__()
        blocks = (depth - 4) // 6
        layers, inputs = [nn.Conv2d(3, 4, 3, 1, 1, bias=False)], 4
        for number, outputs in enumerate(widths):
            for block in range(blocks):
                layers.append(Preactivated(inputs, outputs, 2 if number and not block else 1))
                inputs = outputs
        self.blocks = nn.Sequential(*layers)
        self.bn = nn.BatchNorm2d(inputs)
        self.fc = nn.Linear(inputs, CLASSES)

    def forward(self, x):
        x = F.relu(self.bn(self.blocks(x)))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


def vgg(*blocks):
    layers, inputs = [], 3
    for number, count in enumerate(blocks):
        outputs = (4, 6, 8, 10, 10)[number]
        for _ in range(count):
            layers.append(conv_unit(inputs, outputs))
            inputs = outputs
        if number < 4:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, CLASSES))


class Inverted(nn.Module):
    """An inverted residual, with squeeze-and-excite if asked for."""

    def __init__(self, inputs, hidden, outputs, kernel, stride, activation=nn.ReLU6, excite=False):
        super().__init__()
        self.expand = conv_unit(inputs, hidden, 1, activation=activation)
        self.depthwise = conv_unit(hidden, hidden, kernel, stride, groups=hidden, activation=activation)
        self.squeeze = nn.Conv2d(hidden, 4, 1) if excite else None
        self.excite = nn.Conv2d(4, hidden, 1) if excite else None
        self.project = conv_unit(hidden, outputs, 1, activation=None)
        self.has_shortcut = stride == 1 and inputs == outputs

    def forward(self, x):
        y = self.depthwise(self.expand(x))
        if self.squeeze is not None:
            y = y * F.hardsigmoid(self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(y, 1)))))
        y = self.project(y)
        return x + y if self.has_shortcut else y


def mobilenet_v2():
    return nn.Sequential(
        conv_unit(3, 8, stride=2, activation=nn.ReLU6), Inverted(8, 16, 8, 3, 1), Inverted(8, 24, 12, 3, 2), Inverted(12, 24, 12, 3, 1),
        conv_unit(12, 20, 1, activation=nn.ReLU6), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(20, CLASSES))


class MobileNetV3(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            conv_unit(3, 8, stride=2, activation=nn.Hardswish), Inverted(8, 16, 8, 3, 1, nn.ReLU, excite=True),
            Inverted(8, 20, 12, 5, 2, nn.Hardswish, excite=True), conv_unit(12, 24, 1, activation=nn.Hardswish))
        self.classifier = nn.Sequential(nn.Linear(24, 16), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(16, CLASSES))

    def forward(self, x):
        return self.classifier(self.features(x).mean([2, 3]))


def a_convnet():
    layers, inputs = [], 1
    for outputs, kernel in ((4, 5), (6, 5), (8, 6)):
        layers += [nn.Conv2d(inputs, outputs, kernel), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
        inputs = outputs
    return nn.Sequential(
        *layers, nn.Dropout(0.5), nn.Conv2d(inputs, 12, 5), nn.BatchNorm2d(12), nn.ReLU(), nn.Conv2d(12, CLASSES, 3), nn.Flatten())


class Fire(nn.Module):
    def __init__(self, inputs, squeezed, outputs):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, outputs, 1)
        self.expand3x3 = nn.Conv2d(squeezed, outputs, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


def squeezenet():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(8, 4, 6), Fire(12, 4, 6),
        nn.MaxPool2d(3, 2, ceil_mode=True), Fire(12, 5, 8), nn.Dropout(0.5), nn.Conv2d(16, CLASSES, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LogSoftmax(1))


class Dense(nn.Module):
    """Dense blocks: each layer reads the outputs of all before it."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.layers = nn.ModuleList(self.layer(8 + 4 * i, 4) for i in range(3))
        self.transition = nn.Sequential(nn.BatchNorm2d(20), nn.ReLU(), nn.Conv2d(20, 10, 1, bias=False), nn.AvgPool2d(2))
        self.more = nn.ModuleList(self.layer(10 + 4 * i, 4) for i in range(2))
        self.norm = nn.BatchNorm2d(18)
        self.classifier = nn.Linear(18, CLASSES)

    @staticmethod
    def layer(inputs, growth):
        return nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU(), nn.Conv2d(inputs, growth, 3, padding=1, bias=False))

    def forward(self, x):
        x = self.stem(x)
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        x = self.transition(x)
        for layer in self.more:
            x = torch.cat((x, layer(x)), 1)
        return self.classifier(F.adaptive_avg_pool2d(F.relu(self.norm(x)), (1, 1)).flatten(1))


def shuffle(x, groups):
    images, channels, height, width = x.size()
    return x.view(images, groups, channels // groups, height, width).transpose(1, 2).contiguous().view(images, channels, height, width)


class ShuffleUnit(nn.Module):
    """The two kinds of unit: half of the channels pass by, or both branches halve the map."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        half = outputs // 2
        self.first = nn.Sequential(
            conv_unit(inputs, inputs, 3, stride, groups=inputs, activation=None), conv_unit(inputs, half, 1)) if stride == 2 else None
        source = inputs if stride == 2 else half
        self.second = nn.Sequential(
            conv_unit(source, half, 1), conv_unit(half, half, 3, stride, groups=half, activation=None), conv_unit(half, half, 1))

    def forward(self, x):
        if self.first is not None:
            return shuffle(torch.cat([self.first(x), self.second(x)], 1), 2)
        passed, taken = x.chunk(2, 1)
        return shuffle(torch.cat([passed, self.second(taken)], 1), 2)


def shufflenet():
    return nn.Sequential(
        conv_unit(3, 8, stride=2), nn.MaxPool2d(3, 2, 1), ShuffleUnit(8, 12, 2), ShuffleUnit(12, 12, 1), ShuffleUnit(12, 12, 1),
        conv_unit(12, 16, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, CLASSES))


class Assorted(nn.Module):
    """Operations that the networks above have not: one of each."""

    def __init__(self):
        super().__init__()
        self.dilated = nn.Conv2d(3, 6, 3, padding=(2, 4), dilation=(2, 4), groups=3)
        self.prelu = nn.PReLU(6)
        self.wide = nn.Conv2d(6, 8, (1, 3), padding=(0, 1))
        self.single = nn.PReLU()
        self.mean = nn.Parameter(torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1), requires_grad=False)
        self.scale = nn.Parameter(torch.rand(8, 1, 1) + 0.5)
        self.fc1 = nn.Linear(4 * 4 * 4, 9)
        self.bn = nn.BatchNorm1d(9)
        self.matrix = nn.Parameter(torch.randn(9, CLASSES))
        self.shift = nn.Parameter(torch.randn(CLASSES))

    def forward(self, x):
        x = (x - self.mean) / (2 * self.mean)
        x = self.prelu(self.dilated(x))
        x = F.leaky_relu(self.wide(F.pad(x, (1, 0, 2, 1))), 0.2)
        x = F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
        x = torch.tanh(self.single(x * self.scale + 0.25))
        x = F.silu(x) - 0.125
        x = F.avg_pool2d(x, 2, 2, 1, ceil_mode=True)[:, 2:6]
        x = torch.clamp(1 - F.max_pool2d(x, 2), -0.75, 1.5)
        x = x.reshape(x.shape[0], 4 * 4 * 4)
        x = torch.sigmoid(self.bn(self.fc1(x))).unsqueeze(2).squeeze(2)
        return F.softmax(x @ self.matrix + self.shift, 1)


def randomise(model, seed):
    """Statistics of batch normalisation that are far from 0 and 1."""
    torch.manual_seed(seed)
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm1d)):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)


def thin(depth, *stages):
    return lambda: ResNet(stages[0], stages, (depth - 2) // 6)


# Name: (network, shape of an image, operation set, whether batch normalisations stay nodes of their own).
NETWORKS = {
    **{f"resnet{depth}": (thin(depth, 4, 6, 8), (3, 16, 16), 13, False) for depth in (8, 14, 20, 32, 44, 56, 110)},
    "resnet8x4": (lambda: ResNet(4, (8, 12, 16), 1), (3, 16, 16), 11, False),
    "resnet32x4": (lambda: ResNet(4, (8, 12, 16), 5), (3, 16, 16), 12, False),
    "resnet18": (lambda: ResNet(4, (4, 6, 8, 12), 2), (3, 16, 16), 17, True),
    "wrn-16-1": (lambda: WideResNet(16, (4, 6, 8)), (3, 16, 16), 9, False),
    "wrn-16-2": (lambda: WideResNet(16, (6, 8, 12)), (3, 16, 16), 13, True),
    "wrn-40-1": (lambda: WideResNet(40, (4, 6, 8)), (3, 16, 16), 10, False),
    "wrn-40-2": (lambda: WideResNet(40, (6, 8, 12)), (3, 16, 16), 15, False),
    **{f"vgg{depth}": (lambda blocks=blocks: vgg(*blocks), (3, 16, 16), {8: 7, 11: 8}.get(depth, 13), depth == 8)
       for depth, blocks in {8: (1, 1, 1, 1, 1), 11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3)}.items()},
    "mobilenetv2": (mobilenet_v2, (3, 16, 16), 13, False),
    "aconvnet": (a_convnet, (1, 88, 88), 13, True),
    "resnet20-option-a": (lambda: ResNet(4, (4, 6, 8), 3, option_a=True), (3, 16, 16), 13, True),
    "resnet20-option-a-10": (lambda: ResNet(4, (4, 6, 8), 3, option_a=True), (3, 16, 16), 10, False),
    "squeezenet": (squeezenet, (3, 33, 33), 13, False),
    "densenet": (Dense, (3, 12, 12), 13, False),
    "mobilenetv3": (MobileNetV3, (3, 16, 16), 14, False),
    "mobilenetv3-13": (MobileNetV3, (3, 16, 16), 13, True),
    "shufflenet": (shufflenet, (3, 24, 24), 13, False),
    "shufflenet-9": (shufflenet, (3, 24, 24), 9, False),
    "assorted": (Assorted, (3, 30, 28), 13, False),
    "assorted-11": (Assorted, (3, 30, 28), 11, False),
}


def export(folder, name, seed):
    make, shape, opset, keeps_norms = NETWORKS[name]
    torch.manual_seed(seed)
    model = make()
    randomise(model, seed)
    model.eval()
    images = torch.randn(IMAGES, *shape)
    np.save(folder / f"{name}.input.npy", images.numpy())
    training = torch.onnx.TrainingMode.PRESERVE if keeps_norms else torch.onnx.TrainingMode.EVAL
    torch.onnx.export(
        model, images, str(folder / f"{name}.onnx"), opset_version=opset, training=training,
        input_names=["images"], output_names=["scores"], dynamic_axes={"images": {0: "N"}, "scores": {0: "N"}})


def weight(name, *shape):
    return numpy_helper.from_array((np.random.rand(*shape) - 0.4).astype(np.float32), name)


def integers(name, *values):
    return numpy_helper.from_array(np.array(values, dtype=np.int64), name)


def write(folder, name, nodes, weights, shape, opset, external=False):
    """A network that PyTorch does not write: newer operation sets, or other attributes."""
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", *shape])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", CLASSES])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save_model(
        model, str(folder / f"{name}.onnx"), save_as_external_data=external, all_tensors_to_one_file=True,
        location=f"{name}.bin", size_threshold=0)
    np.save(folder / f"{name}.input.npy", np.random.randn(IMAGES, *shape).astype(np.float32))


def write_others(folder):
    np.random.seed(1)
    end = [helper.make_node("Gemm", ["features", "fc.weight", "fc.bias"], ["scores"], "fc", transB=1, alpha=0.5, beta=2.0)]
    head = [weight("fc.weight", CLASSES, 6), weight("fc.bias", CLASSES)]
    write(folder, "newest", [
        helper.make_node("Conv", ["images", "conv.weight"], ["a"], "conv", auto_pad="SAME_UPPER", strides=[2, 2]),
        helper.make_node("Split", ["a"], ["b", "c", "d"], "split", axis=1, num_outputs=3),
        helper.make_node("HardSigmoid", ["b"], ["e"], "hard"),
        helper.make_node("Mul", ["c", "e"], ["f"], "mul"),
        helper.make_node("Concat", ["f", "d"], ["g"], "concat", axis=1),
        # ONNX Runtime makes one of a padding and a maximum, which is right only where nothing is below 0.
        helper.make_node("Relu", ["g"], ["r"], "relu"),
        helper.make_node("Pad", ["r", "sides", "", "axes"], ["h"], "pad"),
        helper.make_node("MaxPool", ["h"], ["i"], "pool", kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1]),
        helper.make_node("ReduceMean", ["i", "axes"], ["features"], "mean", keepdims=0),
        *end], [weight("conv.weight", 9, 3, 4, 4), integers("sides", 1, 0, 0, 1), integers("axes", 2, 3), *head], (3, 15, 15), 21)
    write(folder, "channels-last", [
        helper.make_node("Transpose", ["images"], ["a"], "to_last", perm=[0, 2, 3, 1]),
        helper.make_node("Relu", ["a"], ["b"], "relu"),
        helper.make_node("Transpose", ["b"], ["c"], "to_first", perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["c", "conv.weight"], ["d"], "conv", auto_pad="SAME_LOWER"),
        helper.make_node("Add", ["d", "bias"], ["e"], "add"),
        helper.make_node("GlobalAveragePool", ["e"], ["f"], "pool"),
        helper.make_node("Transpose", ["f"], ["g"], "pooled_to_last", perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["g", "shape"], ["features"], "reshape"),
        *end], [weight("conv.weight", 6, 3, 3, 2), weight("bias", 6, 1, 1), integers("shape", -1, 6), *head], (3, 9, 11), 12)
    write(folder, "external", [
        helper.make_node("Conv", ["images", "conv.weight", "conv.bias"], ["a"], "conv", strides=[3, 3]),
        helper.make_node("GlobalAveragePool", ["a"], ["b"], "mean"),
        helper.make_node("GlobalMaxPool", ["a"], ["c"], "most"),
        helper.make_node("Add", ["b", "c"], ["d"], "sum"),
        helper.make_node("Flatten", ["d"], ["features"], "flatten"),
        *end], [weight("conv.weight", 6, 3, 5, 5), weight("conv.bias", 6), *head], (3, 20, 20), 13, external=True)


def main():
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(NETWORKS):
        export(folder, name, seed)
    write_others(folder)


if __name__ == "__main__":
    main()
