#!/usr/bin/env bash
# Installs the packages that tests need and this Debian or Ubuntu machine has not.
# If it cannot, it says so and goes on: a test that misses its tool fails and names it.
set -euo pipefail
packages=(
  gcc clang clang-tidy cppcheck make valgrind binutils # exported C source, compiled and checked here ...
  gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-user # ... for other processors
  gcc-riscv64-linux-gnu libc6-dev-riscv64-cross
  gcc-arm-none-eabi libnewlib-dev qemu-system-arm # ... and for boards without an operating system
  openmpi-bin iproute2 # training on several processes, and networks between them
  chromium-headless-shell # the browser that looks at reports
  python3-torch python3-onnx # networks to import, and the checker of those that are exported
)

missing=()
for package in "${packages[@]}"; do
  dpkg -s "$package" > /dev/null 2>&1 || missing+=("$package")
done
log="$(mktemp)"
trap 'rm -f "$log"' EXIT

install_missing() {
  local as_root=()
  if [[ $(id -u) != 0 ]] && command -v sudo > /dev/null; then as_root=(sudo -n); fi
  "${as_root[@]}" apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

if (( ${#missing[@]} > 0 )); then
  echo "installing ${missing[*]}"
  if ! install_missing > "$log" 2>&1; then
    cat "$log" >&2
    echo "install-tools.sh: ${missing[*]} could not be installed with apt-get; going on without" >&2
  fi
fi
