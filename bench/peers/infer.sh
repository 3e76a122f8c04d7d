#!/usr/bin/env bash
# Measures inference in ONNX Runtime and in DST (dense, halved by UHP, unstructured), in turns, and prints one Markdown table.
# ONNX Runtime is the npm package onnxruntime-node; the models are written by Debian's PyTorch. Both are installed if they are missing.
# Usage: bench/peers/infer.sh [--threads N] [--batch N] [--rounds N] [NETWORK...]
set -euo pipefail
here="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
source "$here/common.sh"
threads=1 batch=1 rounds=3 pattern=kernel:16:16
onnxruntime=1.30.0
parse_options "--threads --batch --rounds" "$@"
(( ${#networks[@]} > 0 )) || networks=(resnet20 resnet8x4 vgg8 aconvnet resnet18 mobilenetv2)

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
install_pytorch "$work/apt.log"
# The package ships the Linux library: its install script only adds GPU libraries, and is not run.
tools="${XDG_CACHE_HOME:-$HOME/.cache}/dst-peers"
if ! grep -qs "\"version\": \"$onnxruntime\"" "$tools/node_modules/onnxruntime-node/package.json"; then
  mkdir -p "$tools"
  npm install --prefix "$tools" --ignore-scripts --no-audit --no-fund "onnxruntime-node@$onnxruntime" > "$work/npm.log" 2>&1 \
    || { cat "$work/npm.log" >&2; fail "onnxruntime-node could not be installed with npm"; }
fi
"$python" -B "$here/export_onnx.py" "$work" "${networks[@]}" > "$work/export.log" 2>&1 || { cat "$work/export.log" >&2; exit 1; }

onnxruntime() { # NETWORK ROUND
  NODE_PATH="$tools/node_modules" node "$here/infer_onnxruntime.js" "$work/$1.onnx" "$batch" "$threads" > "$work/onnxruntime.$1.$2.json"
}

dst() { # NETWORK FORM ROUND [OPTION...]
  "$here/../../dst" bench --arch "$1" --batch "$batch" --threads "$threads" --json "${@:4}" > "$work/$2.$1.$3.json"
}

for (( round = 1; round <= rounds; round++ )); do
  for network in "${networks[@]}"; do
    echo "round $round of $rounds: $network" >&2
    onnxruntime "$network" "$round"
    dst "$network" dense "$round"
    dst "$network" uhp "$round" --pattern "$pattern"
    dst "$network" csr "$round" --pattern "$pattern" --unstructured --sparse
  done
done
"$python" "$here/infer_table.py" "$work" "${networks[@]}"
