# Sourced by the scripts that train many networks: each run is trained once, in a folder of its own, and resumed if it was stopped.
shopt -s inherit_errexit # a run that fails ends the script
python=/usr/bin/python3
dst="${DST:-$here/../dst}"
threads="${THREADS:-1}"

fail() { # SENTENCE [EXIT CODE]
  echo "$(basename "$0"): $1" >&2
  exit "${2:-1}"
}

# Trains the arms of a recipe, or goes on, and prints the run's folder.
train_once() { # FOLDER RECIPE DATA SEED ARMS [OPTION...]
  local run
  run="$(find "$1" -mindepth 3 -maxdepth 3 -name recipe.yaml -printf '%h\n' 2> /dev/null | sort | tail -n 1 || true)"
  if [[ -z $run ]]; then
    "$dst" run "$2" --set "data.path=$3" --seed "$4" --set "arms=[$5]" --threads "$threads" --out "$1" "${@:6}" > /dev/null
    run="$(find "$1" -mindepth 3 -maxdepth 3 -name recipe.yaml -printf '%h\n' | sort | tail -n 1)"
  else
    "$dst" run --resume "$run" > /dev/null
  fi
  echo "$run"
}

# Prints the top-1 of a model.
evaluate() { # MODEL RECIPE DATA SEED [OPTION...]
  "$dst" eval "$1" "$2" --set "data.path=$3" --set "seed=$4" --threads "$threads" --json "${@:5}" 2> >(grep -v "^data" >&2) \
    | "$python" -c 'import json, sys; print(json.load(sys.stdin)["top1"])'
}
