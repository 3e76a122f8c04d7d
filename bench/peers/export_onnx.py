"""Writes networks with random weights as ONNX files for inference: export_onnx.py FOLDER NETWORK...

Beside each NETWORK.onnx it writes NETWORK.onnx.json: the input's shape, its name, and the number of weights.
"""
import json
import pathlib
import sys

import torch

from networks import NETWORKS


def randomise_statistics(model):
    """Batch normalisations as training leaves them, not the identity."""
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(layer.running_var, 0.5, 1.5)


def export(arch, path):
    build, shape, classes = NETWORKS[arch]
    torch.manual_seed(1)
    model = build(classes)
    randomise_statistics(model)
    torch.onnx.export(
        model.eval(), torch.zeros(1, *shape), str(path), input_names=["input"], output_names=["logits"], opset_version=13,
        dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}})
    weights = sum(parameter.numel() for parameter in model.parameters())
    path.with_suffix(".onnx.json").write_text(json.dumps({"arch": arch, "shape": shape, "weights": weights}))


def main():
    folder, networks = pathlib.Path(sys.argv[1]), sys.argv[2:]
    for arch in networks:
        if arch not in NETWORKS:
            sys.exit(f"export_onnx.py: network '{arch}' is unknown; one of {', '.join(NETWORKS)} was expected")
        export(arch, folder / f"{arch}.onnx")


if __name__ == "__main__":
    main()
