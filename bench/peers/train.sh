#!/usr/bin/env bash
# Measures whole training steps in PyTorch and in DST, in turns, and prints one Markdown table. PyTorch is Debian's package and is
# installed if it is missing. It is measured with both of its memory formats, and the faster one counts.
# Usage: bench/peers/train.sh [--threads N] [--batch N] [--steps N] [--rounds N] [NETWORK...]
set -euo pipefail
here="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
source "$here/common.sh"
threads=1 batch=64 steps=10 rounds=3 pattern=kernel:16:16
parse_options "--threads --batch --steps --rounds" "$@"
(( ${#networks[@]} > 0 )) || networks=(resnet20 resnet56 resnet8x4 resnet18 vgg8 aconvnet)

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
install_pytorch "$work/apt.log"
export OMP_NUM_THREADS="$threads"

pytorch() { # NETWORK FORMAT ROUND
  "$python" -B "$here/train_pytorch.py" --arch "$1" --batch "$batch" --threads "$threads" --steps "$steps" --memory-format "$2" \
    > "$work/$1.$2.$3.json"
}

dst() { # NETWORK FORM ROUND [OPTION...]
  "$here/../../dst" bench train --arch "$1" --batch "$batch" --threads "$threads" --steps "$steps" --json "${@:4}" > "$work/$1.$2.$3.json"
}

for (( round = 1; round <= rounds; round++ )); do
  for network in "${networks[@]}"; do
    echo "round $round of $rounds: $network" >&2
    pytorch "$network" contiguous "$round"
    dst "$network" dense "$round"
    pytorch "$network" channels_last "$round"
    dst "$network" uhp "$round" --pattern "$pattern"
  done
done
"$python" "$here/train_table.py" "$work" "${networks[@]}"
