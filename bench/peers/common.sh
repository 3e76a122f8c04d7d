# Sourced by the scripts of this folder: options, and Debian's PyTorch.
python=/usr/bin/python3 # the one that Debian's packages are for

fail() { # SENTENCE [EXIT CODE]
  echo "$(basename "$0"): $1" >&2
  exit "${2:-1}"
}

# Sets the variables that are named like the options, and the array networks.
parse_options() { # "--OPTION..." [ARGUMENT...]
  local known=$1
  shift
  networks=()
  while (( $# > 0 )); do
    if [[ $1 == -* ]]; then
      [[ " $known " == *" $1 "* ]] || fail "unknown option '$1'; one of $known was expected" 2
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || fail "option $1 is '${2:-}'; a whole number from 1 was expected" 2
      declare -g "${1#--}=$2"
      shift 2
    else
      networks+=("$1")
      shift
    fi
  done
}

install_pytorch() { # LOG FILE
  if "$python" -c 'import torch' 2> /dev/null && dpkg -s libopenblas0-pthread > /dev/null 2>&1; then return; fi
  local as_root=()
  if [[ $(id -u) != 0 ]]; then as_root=(sudo -n); fi
  { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends python3-torch libopenblas0-pthread; } > "$1" 2>&1 \
    || { cat "$1" >&2; fail "python3-torch could not be installed with apt-get"; }
}
