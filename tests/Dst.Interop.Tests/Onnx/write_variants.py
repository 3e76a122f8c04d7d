"""Writes small networks as other exporters write them, with images for each: FOLDER/NAME.onnx and FOLDER/NAME.input.npy.

Needs Debian's python3-torch and python3-onnx. Usage: write_variants.py FOLDER
"""
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from export_models import CLASSES, IMAGES, conv_unit, integers, randomise, weight, write
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F


class LayerNorm2d(nn.Module):
    """As torchvision writes it: over the last axis of a permuted map; or over the channels where they are."""

    def __init__(self, channels, permutes):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(channels) + 0.5)
        self.bias = nn.Parameter(torch.randn(channels) * 0.1)
        self.permutes = permutes

    def forward(self, x):
        if self.permutes:
            return F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, 1e-6).permute(0, 3, 1, 2)
        mean = x.mean(1, keepdim=True)
        variance = (x - mean).pow(2).mean(1, keepdim=True)
        return self.weight[:, None, None] * ((x - mean) / torch.sqrt(variance + 1e-6)) + self.bias[:, None, None]


class ConvNextBlock(nn.Module):
    def __init__(self, channels, approximate):
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.expand = nn.Linear(channels, 4 * channels)
        self.project = nn.Linear(4 * channels, channels)
        self.scale = nn.Parameter(torch.rand(channels, 1, 1) + 0.5)
        self.activation = nn.GELU("tanh" if approximate else "none")

    def forward(self, x):
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.project(self.activation(self.expand(y))).permute(0, 3, 1, 2)
        return x + self.scale * y


def convnext(permutes=True, approximate=False):
    layers = [nn.Conv2d(3, 8, 4, 4), LayerNorm2d(8, permutes), ConvNextBlock(8, approximate), ConvNextBlock(8, approximate)]
    layers += [LayerNorm2d(8, permutes), nn.Conv2d(8, 12, 2, 2), ConvNextBlock(12, approximate)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), LayerNorm2d(12, permutes), nn.Flatten(1), nn.Linear(12, CLASSES))


class MobileBlock(nn.Module):
    """MBConv, or FusedMBConv without a depthwise convolution, of EfficientNetV2."""

    def __init__(self, inputs, outputs, stride, fused):
        super().__init__()
        hidden = 3 * inputs
        self.expand = conv_unit(inputs, hidden, 3 if fused else 1, stride if fused else 1, activation=nn.SiLU)
        self.depthwise = None if fused else conv_unit(hidden, hidden, 3, stride, groups=hidden, activation=nn.SiLU)
        self.squeeze = None if fused else nn.Conv2d(hidden, 3, 1)
        self.excite = None if fused else nn.Conv2d(3, hidden, 1)
        self.project = conv_unit(hidden, outputs, 1, activation=None)
        self.has_shortcut = stride == 1 and inputs == outputs

    def forward(self, x):
        y = self.expand(x)
        if self.depthwise is not None:
            y = self.depthwise(y)
            y = torch.sigmoid(self.excite(F.silu(self.squeeze(F.adaptive_avg_pool2d(y, 1))))) * y
        y = self.project(y)
        return y + x if self.has_shortcut else y


def efficientnet_v2():
    return nn.Sequential(
        conv_unit(3, 8, stride=2, activation=nn.SiLU), MobileBlock(8, 8, 1, True), MobileBlock(8, 12, 2, True),
        MobileBlock(12, 12, 1, False), MobileBlock(12, 16, 2, False), conv_unit(16, 24, 1, activation=nn.SiLU),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Dropout(0.2), nn.Linear(24, CLASSES))


class Branches(nn.Module):
    """RepVGG and MobileOne before their branches are merged: convolutions of two sizes and a batch normalisation."""

    def __init__(self, inputs, outputs, stride, depthwise, copies=1):
        super().__init__()
        groups = inputs if depthwise else 1
        self.wide = nn.ModuleList(conv_unit(inputs, outputs, 3, stride, groups=groups, activation=None) for _ in range(copies))
        self.narrow = conv_unit(inputs, outputs, 1, stride, 0, groups, activation=None)
        self.identity = nn.BatchNorm2d(inputs) if stride == 1 and inputs == outputs else None

    def forward(self, x):
        y = self.narrow(x)
        for branch in self.wide:
            y = y + branch(x)
        return F.relu(y if self.identity is None else y + self.identity(x))


def repvgg():
    return nn.Sequential(
        Branches(3, 8, 2, False), Branches(8, 8, 1, False), Branches(8, 12, 2, False), Branches(12, 12, 1, False),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Linear(12, CLASSES))


def mobileone():
    return nn.Sequential(
        Branches(3, 8, 2, False), Branches(8, 8, 1, True, 3), Branches(8, 12, 1, False), Branches(12, 12, 2, True, 3),
        Branches(12, 12, 1, False), nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Linear(12, CLASSES))


class Pooled(nn.Module):
    """Mish, and a group normalisation of one pixel, which is a layer normalisation."""

    def __init__(self):
        super().__init__()
        self.stem = conv_unit(3, 8, stride=2, activation=nn.Mish)
        self.norm = nn.GroupNorm(1, 8)
        self.fc = nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.fc(F.mish(self.norm(F.adaptive_max_pool2d(self.stem(x), 1))).flatten(1))


class Normalised(nn.Module):
    """Normalisations by the statistics of each image: of groups, of each channel, of all channels, with scales or without.
    Convolutions that pad with the map's own values.
    """

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 3, 2, 1)
        self.groups = nn.GroupNorm(3, 12)
        self.bare_groups = nn.GroupNorm(4, 12, affine=False)
        self.instances = nn.InstanceNorm2d(12, affine=True)
        self.bare_instances = nn.InstanceNorm2d(12)
        self.layer = nn.LayerNorm([12, 16, 16], elementwise_affine=False)
        self.reflected = nn.Conv2d(12, 12, 5, padding=2, padding_mode="reflect")
        self.repeated = nn.Conv2d(12, 12, 3, padding=1, padding_mode="replicate")
        self.fc = nn.Linear(12, CLASSES)

    def forward(self, x):
        x = F.relu(self.groups(self.stem(x)))
        x = self.repeated(self.reflected(x))
        x = self.instances(x * 2) + self.bare_groups(x)
        x = F.silu(self.bare_instances(x + self.layer(x) * 0.5))
        deviation = torch.sqrt((x - x.mean((2, 3), keepdim=True)).pow(2).mean((2, 3), keepdim=True) + 1e-5)
        x = x + (x - x.mean((2, 3), keepdim=True)) / deviation
        return self.fc(F.adaptive_max_pool2d(x, 1).flatten(1))


# Name: (network, operation set, whether batch normalisations stay nodes of their own).
NETWORKS = {
    "convnext": (convnext, 13, False),
    "convnext-17": (convnext, 17, False),
    "convnext-first": (lambda: convnext(permutes=False), 12, False),
    "convnext-tanh": (lambda: convnext(approximate=True), 14, False),
    "efficientnetv2": (efficientnet_v2, 13, False),
    "repvgg": (repvgg, 13, True),
    "repvgg-folded": (repvgg, 13, False),
    "mobileone": (mobileone, 13, True),
    "mobileone-folded": (mobileone, 13, False),
    "pooled": (Pooled, 13, False),
    "normalised": (Normalised, 13, False),
}


def export(folder, name, seed):
    make, opset, keeps_norms = NETWORKS[name]
    torch.manual_seed(seed)
    model = make()
    randomise(model, seed)
    model.eval()
    images = torch.randn(IMAGES, 3, 32, 32)
    np.save(folder / f"{name}.input.npy", images.numpy())
    training = torch.onnx.TrainingMode.PRESERVE if keeps_norms else torch.onnx.TrainingMode.EVAL
    torch.onnx.export(
        model, images, str(folder / f"{name}.onnx"), opset_version=opset, training=training,
        input_names=["images"], output_names=["scores"], dynamic_axes={"images": {0: "N"}, "scores": {0: "N"}})


def node(operation, inputs, output, **attributes):
    return helper.make_node(operation, inputs, [output], output, **attributes)


def floats(name, *values):
    return numpy_helper.from_array(np.array(values, dtype=np.float32), name)


def shaped(name, shape, *values):
    return numpy_helper.from_array(np.array(values, dtype=np.float32).reshape(shape), name)


def number(name, value):
    return numpy_helper.from_array(np.array(value, dtype=np.float32), name)


def end(features):
    return [node("Gemm", ["features", "fc.weight", "fc.bias"], "scores", transB=1)], [weight("fc.weight", CLASSES, features), weight("fc.bias", CLASSES)]


def write_windows(folder):
    """Windows that are not square, steps and sides that differ, sums of several, bounds, and reductions of one axis at a time."""
    last, weights = end(8)
    write(folder, "windows", [
        node("Conv", ["images", "conv.weight"], "a", strides=[2, 1], pads=[1, 0, 0, 2]),
        node("LRN", ["a"], "b", size=5, alpha=0.3, beta=0.6, bias=1.5),
        node("MaxPool", ["b"], "c", kernel_shape=[2, 3], strides=[1, 2], pads=[1, 0, 0, 1]),
        node("AveragePool", ["c"], "d", kernel_shape=[2, 2], strides=[1, 1], auto_pad="SAME_UPPER"),
        node("AveragePool", ["c"], "e", kernel_shape=[3, 1], strides=[1, 1], pads=[1, 0, 1, 0], count_include_pad=1),
        node("AveragePool", ["c"], "f", kernel_shape=[1, 3], strides=[1, 1], pads=[0, 2, 0, 0]),
        node("Sum", ["d", "e", "f"], "g"),
        node("Max", ["g", "low"], "h"),
        node("Min", ["high", "h"], "i"),
        node("ReduceMean", ["i"], "j", axes=[3], keepdims=0),
        node("ReduceMean", ["j"], "k", axes=[2], keepdims=0),
        node("ReduceMax", ["i"], "l", axes=[2], keepdims=1),
        node("ReduceMax", ["l"], "m", axes=[-1], keepdims=1),
        node("Flatten", ["m"], "n"),
        node("Sum", ["k", "n"], "features"), *last],
        [weight("conv.weight", 8, 3, 3, 2), number("low", -0.4), floats("high", 1.5), *weights], (3, 13, 12), 13)


def write_resizes(folder):
    """Maps enlarged by factors and by sizes, by the nearest value and bilinearly, in the ways of PyTorch, of ONNX's default and of Keras."""
    last, weights = end(6)
    half = dict(coordinate_transformation_mode="half_pixel")
    write(folder, "resizes", [
        node("Conv", ["images", "conv.weight"], "a", strides=[2, 2]),
        node("Resize", ["a", "", "twice"], "b", mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric"),
        node("Shape", ["a"], "shape"), node("Slice", ["shape", "zero", "two"], "planes"),
        node("Concat", ["planes", "pixels"], "sizes", axis=0),
        node("Resize", ["a", "", "", "sizes"], "c", mode="linear", coordinate_transformation_mode="pytorch_half_pixel"),
        node("Resize", ["a", "", "twice"], "d", mode="nearest", nearest_mode="round_prefer_ceil", **half),
        node("Sum", ["b", "c", "d"], "e"),
        node("Resize", ["e", "", "three"], "f", mode="linear", **half),
        node("Resize", ["f", "", "three"], "g"),
        node("ConvTranspose", ["a", "spread.weight", "spread.bias"], "k", strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]),
        node("ConvTranspose", ["k", "pixel.weight"], "l", kernel_shape=[2, 3]),
        node("GlobalAveragePool", ["g"], "h"), node("GlobalMaxPool", ["f"], "i"), node("GlobalMaxPool", ["l"], "m"),
        node("Sum", ["h", "i", "m"], "j"), node("Flatten", ["j"], "features"), *last],
        [weight("conv.weight", 6, 3, 3, 2), weight("spread.weight", 6, 5, 3, 3), weight("spread.bias", 5), weight("pixel.weight", 5, 6, 2, 3),
         floats("twice", 1, 1, 2, 2), floats("three", 1, 1, 3, 3),
         integers("zero", 0), integers("two", 2), integers("pixels", 6, 8), *weights], (3, 7, 8), 13)


def write_channels_last(folder):
    """As tf2onnx writes Keras: images [N, H, W, C], axes of that order inside, and a dense layer on a map that is flattened in it."""
    nodes = [
        node("Sub", ["images", "mean"], "centred"),
        node("Transpose", ["centred"], "first", perm=[0, 3, 1, 2]),
        node("Conv", ["first", "conv.weight", "conv.bias"], "convolved", auto_pad="SAME_UPPER", strides=[2, 2]),
        node("Relu", ["convolved"], "relu"),
        node("Transpose", ["relu"], "last", perm=[0, 2, 3, 1]),
        node("Mul", ["last", "scale"], "scaled"),
        node("Concat", ["scaled", "last"], "joined", axis=3),
        node("Pad", ["joined", "sides"], "padded"),
        node("MatMul", ["padded", "pointwise.weight"], "pointwise"),
        node("Add", ["pointwise", "pointwise.bias"], "biased"),
        node("ReduceMean", ["biased"], "squeezed", axes=[1, 2], keepdims=1),
        node("Sigmoid", ["squeezed"], "gate"),
        node("Mul", ["biased", "gate"], "excited"),
        node("Reshape", ["excited", "flat"], "flattened"),
        node("MatMul", ["flattened", "dense.weight"], "dense"),
        node("Add", ["dense", "dense.bias"], "logits"),
        node("Softmax", ["logits"], "probabilities", axis=-1),
        node("Reshape", ["probabilities", "shape"], "reshaped"),
        node("Identity", ["reshaped"], "scores")]
    weights = [
        floats("mean", 0.1, 0.2, 0.3), weight("conv.weight", 6, 3, 3, 3), weight("conv.bias", 6), floats("scale", 1, 2, 0.5, -1, 1.5, 0.25),
        integers("sides", 0, 1, 0, 0, 0, 0, 1, 0), weight("pointwise.weight", 12, 7), weight("pointwise.bias", 7), integers("flat", -1, 5 * 6 * 7),
        weight("dense.weight", 5 * 6 * 7, CLASSES), weight("dense.bias", CLASSES), integers("shape", -1, CLASSES)]
    graph = helper.make_graph(
        nodes, "keras", [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 8, 10, 3])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", CLASSES])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(folder / "keras.onnx"))
    np.save(folder / "keras.input.npy", np.random.randn(IMAGES, 8, 10, 3).astype(np.float32))


def quantised(name, *shape, axis=None):
    """An int8 weight behind DequantizeLinear, with one scale or one for each element along an axis."""
    values = numpy_helper.from_array(np.random.randint(-127, 128, shape).astype(np.int8), f"{name}.int8")
    scales = number(f"{name}.scale", 0.01) if axis is None else weight(f"{name}.scale", shape[axis])
    zeros = np.array(3 if axis is None else np.arange(shape[axis]) % 5, dtype=np.int8)
    attributes = {} if axis is None else {"axis": axis}
    inputs = [f"{name}.int8", f"{name}.scale", f"{name}.zero"]
    return node("DequantizeLinear", inputs, name, **attributes), [values, scales, numpy_helper.from_array(zeros, f"{name}.zero")]


def write_quantised(folder):
    """Weights in int8; "qdq" quantises features too, and "qdq-clips" has integers from 0 on in place of a ReLU."""
    conv, conv_weights = quantised("conv.weight", 6, 3, 3, 3, axis=0)
    dense, dense_weights = quantised("fc.weight", CLASSES, 6)
    body = [
        node("Relu", ["a"], "b"), node("GlobalAveragePool", ["b"], "c"), node("Flatten", ["c"], "features"), dense,
        node("Gemm", ["features", "fc.weight"], "scores", transB=1)]
    weights = [*conv_weights, *dense_weights]
    write(folder, "int8-weights", [conv, node("Conv", ["images", "conv.weight"], "a"), *body], weights, (3, 9, 9), 13)
    zero = numpy_helper.from_array(np.array(0, dtype=np.int8), "zero")
    write(folder, "qdq", [
        node("QuantizeLinear", ["images", "step", "zero"], "integers"),
        node("DequantizeLinear", ["integers", "step", "zero"], "rounded"),
        conv, node("Conv", ["rounded", "conv.weight"], "a"), *body], [*weights, number("step", 0.03), zero], (3, 9, 9), 13)
    zero = numpy_helper.from_array(np.array(0, dtype=np.uint8), "zero")
    write(folder, "qdq-clips", [
        conv, node("Conv", ["images", "conv.weight"], "a"),
        node("QuantizeLinear", ["a", "step", "zero"], "integers"),
        node("DequantizeLinear", ["integers", "step", "zero"], "b"), *body[1:]], [*weights, number("step", 0.03), zero], (3, 9, 9), 13)


def write_int8(folder):
    """A network in which every operation stands between integers: "qdq-int8", with signed and unsigned features."""
    weights, nodes = [], []

    def rounded(value, name, step, zero, kind):
        weights.extend([number(f"{name}.step", step), numpy_helper.from_array(np.array(zero, dtype=kind), f"{name}.zero")])
        nodes.append(node("QuantizeLinear", [value, f"{name}.step", f"{name}.zero"], f"{name}.integers"))
        nodes.append(node("DequantizeLinear", [f"{name}.integers", f"{name}.step", f"{name}.zero"], name))

    def layer(name, *shape, steps):
        values = np.random.randint(-127, 128, shape).astype(np.int8)
        weights.extend([
            numpy_helper.from_array(values, f"{name}.int8"), numpy_helper.from_array(np.array(steps, dtype=np.float32), f"{name}.step"),
            numpy_helper.from_array(np.zeros(np.shape(steps), dtype=np.int8), f"{name}.zero")])
        nodes.append(node("DequantizeLinear", [f"{name}.int8", f"{name}.step", f"{name}.zero"], name, **({"axis": 0} if np.ndim(steps) else {})))

    rounded("images", "a", 0.03, 3, np.int8)
    layer("conv.weight", 8, 3, 3, 3, steps=np.linspace(0.001, 0.003, 8))
    weights.append(weight("conv.bias", 8))
    nodes += [node("Conv", ["a", "conv.weight", "conv.bias"], "b", pads=[1, 1, 1, 1]), node("Relu", ["b"], "c")]
    rounded("c", "d", 0.02, 0, np.uint8)
    layer("depthwise.weight", 8, 1, 3, 3, steps=0.002)
    nodes.append(node("Conv", ["d", "depthwise.weight"], "e", pads=[1, 1, 1, 1], group=8))
    rounded("e", "f", 0.02, -10, np.int8)
    nodes.append(node("Add", ["f", "d"], "g"))
    rounded("g", "h", 0.03, 50, np.uint8)
    nodes.append(node("MaxPool", ["h"], "i", kernel_shape=[2, 2], strides=[2, 2]))
    rounded("i", "j", 0.03, 50, np.uint8)
    nodes.append(node("AveragePool", ["d"], "k", kernel_shape=[2, 2], strides=[2, 2]))
    rounded("k", "l", 0.016, 0, np.uint8)
    nodes.append(node("Concat", ["j", "l"], "m", axis=1))
    rounded("m", "n", 0.03, 40, np.uint8)
    nodes += [node("GlobalAveragePool", ["n"], "o"), node("Flatten", ["o"], "p")]
    rounded("p", "q", 0.011, 100, np.uint8)
    layer("fc.weight", CLASSES, 16, steps=np.linspace(0.004, 0.008, CLASSES))
    nodes.append(node("Gemm", ["q", "fc.weight"], "scores", transB=1))
    write(folder, "qdq-int8", nodes, weights, (3, 9, 9), 13)


def write_half(folder):
    """Images, weights and scores of 16 bits; a part computes in 32 bits between casts."""
    def half(tensor):
        return numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name)
    nodes = [
        node("Conv", ["images", "conv.weight", "conv.bias"], "a", pads=[1, 1, 1, 1]),
        node("Relu", ["a"], "b"),
        node("Cast", ["b"], "wide", to=TensorProto.FLOAT),
        node("GlobalAveragePool", ["wide"], "c"),
        node("Cast", ["c"], "narrow", to=TensorProto.FLOAT16),
        node("Flatten", ["narrow"], "features"),
        node("Gemm", ["features", "fc.weight", "fc.bias"], "scores", transB=1)]
    weights = [half(weight(name, *shape)) for name, shape in (
        ("conv.weight", (6, 3, 3, 3)), ("conv.bias", (6,)), ("fc.weight", (CLASSES, 6)), ("fc.bias", (CLASSES,)))]
    graph = helper.make_graph(
        nodes, "half", [helper.make_tensor_value_info("images", TensorProto.FLOAT16, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT16, ["N", CLASSES])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(folder / "half.onnx"))
    np.save(folder / "half.input.npy", np.random.randn(IMAGES, 3, 8, 8).astype(np.float32))


def write_functions(folder):
    """Functions of the file, one within another, with attributes that their calls give or leave out; weights from ConstantOfShape."""
    leaky = node("LeakyRelu", ["x"], "y")
    attribute = helper.make_attribute("alpha", 0.0)
    attribute.ref_attr_name = "slope"
    attribute.ClearField("f")
    leaky.attribute.append(attribute)
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("local", 1)]
    activation = helper.make_function("local", "Activation", ["x"], ["y"], [leaky], opsets, ["slope"])
    call = node("Activation", ["c"], "y", domain="local", slope=0.25)
    block = helper.make_function("local", "Block", ["x", "w"], ["y"], [node("Conv", ["x", "w"], "c"), call], opsets)
    last, weights = end(6)
    nodes = [
        node("Block", ["images", "conv.weight"], "a", domain="local"),
        node("Activation", ["a"], "b", domain="local"),
        node("ConstantOfShape", ["shape"], "second.weight", value=helper.make_tensor("value", TensorProto.FLOAT, [1], [0.125])),
        node("Block", ["b", "second.weight"], "c", domain="local"),
        node("GlobalMaxPool", ["c"], "d"), node("Flatten", ["d"], "features"), *last]
    graph = helper.make_graph(
        nodes, "functions", [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 3, 9, 9])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", CLASSES])],
        [weight("conv.weight", 4, 3, 3, 3), integers("shape", 6, 4, 3, 3), *weights])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=[activation, block])
    onnx.save(model, str(folder / "functions.onnx"))
    np.save(folder / "functions.input.npy", np.random.randn(IMAGES, 3, 9, 9).astype(np.float32))


def main():
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    for seed, name in enumerate(NETWORKS):
        export(folder, name, seed)
    np.random.seed(2)
    for writer in (write_windows, write_resizes, write_channels_last, write_quantised, write_half, write_functions, write_int8):
        writer(folder)


if __name__ == "__main__":
    main()
