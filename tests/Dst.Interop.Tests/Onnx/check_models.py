"""Runs the ONNX checker, with shape inference, on each FOLDER/*.onnx. Needs Debian's python3-onnx. Usage: check_models.py FOLDER"""
import sys
from pathlib import Path

import onnx

for path in sorted(Path(sys.argv[1]).glob("*.onnx")):
    onnx.checker.check_model(str(path), full_check=True)
