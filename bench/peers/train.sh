#!/usr/bin/env bash
# Measures whole training steps in PyTorch and in DST, in turns, and prints one Markdown table. PyTorch is Debian's package and is
# installed if it is missing. It is measured with both of its memory formats, and the faster one counts.
# Usage: bench/peers/train.sh [--threads N] [--batch N] [--steps N] [--rounds N] [NETWORK...]
set -euo pipefail
here="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
python=/usr/bin/python3 # the one that Debian's packages are for
threads=1 batch=64 steps=10 rounds=3 pattern=kernel:16:16
networks=()

while (( $# > 0 )); do
  case $1 in
    --threads | --batch | --steps | --rounds)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { echo "train.sh: option $1 is '${2:-}'; a whole number from 1 was expected" >&2; exit 2; }
      declare "${1#--}=$2"
      shift 2
      ;;
    -*)
      echo "train.sh: unknown option '$1'; --threads, --batch, --steps or --rounds was expected" >&2
      exit 2
      ;;
    *)
      networks+=("$1")
      shift
      ;;
  esac
done
(( ${#networks[@]} > 0 )) || networks=(resnet20 resnet56 resnet8x4 resnet18 vgg8 aconvnet)

install_pytorch() {
  local as_root=()
  if [[ $(id -u) != 0 ]]; then as_root=(sudo -n); fi
  "${as_root[@]}" apt-get update -qq && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends python3-torch libopenblas0-pthread
}

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
if ! "$python" -c 'import torch' 2> /dev/null || ! dpkg -s libopenblas0-pthread > /dev/null 2>&1; then
  install_pytorch > "$work/apt.log" 2>&1 || { cat "$work/apt.log" >&2; echo "train.sh: python3-torch could not be installed with apt-get" >&2; exit 1; }
fi
export OMP_NUM_THREADS="$threads"

pytorch() { # NETWORK FORMAT ROUND
  "$python" "$here/train_pytorch.py" --arch "$1" --batch "$batch" --threads "$threads" --steps "$steps" --memory-format "$2" > "$work/$1.$2.$3.json"
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
