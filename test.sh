#!/usr/bin/env bash
# Installs what tests need, restores, builds with warnings as errors, checks the format and runs every test on each vector width (tier) that this
# machine has (those of Dst.Interop on the widest alone). The last line is "N passed, N failed"; the exit code is 0 only if tests ran and all passed.
# Tests of the category Slow do not run on the scalar tier, which has no vectors and would take minutes for each.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
results="$PWD/artifacts/tests"
rm -rf "$results"
tests/install-tools.sh

dotnet restore Dst.slnx -v quiet
dotnet build Dst.slnx -c Release --no-restore -v quiet -warnaserror
dotnet format Dst.slnx --no-restore --verify-no-changes

tiers=(V512 V256 V128 Scalar)
declare -A switch=([V512]=EnableAVX512=1 [V256]=EnableAVX512=0 [V128]=EnableAVX2=0 [Scalar]=EnableHWIntrinsic=0)
machine="$(dotnet src/Dst.Cli/bin/Release/net10.0/dst.dll doctor --json | sed -n 's/.*"best_tier": *"\([^"]*\)".*/\1/p')"
[[ $machine =~ ^(v512|v256|v128|scalar)$ ]] || { echo "test.sh: 'dst doctor --json' named no vector width" >&2; exit 1; }
while [[ ${tiers[0],,} != "$machine" ]]; do tiers=("${tiers[@]:1}"); done

passed=0 failed=0
count() { # TRX ATTRIBUTE: an attribute of the <Counters> element of a result file, 0 if there is none
  local value=""
  [[ ! -e $1 ]] || value="$(sed -n "s/.*<Counters .*\b$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1)"
  echo "${value:-0}"
}

for tier in "${tiers[@]}"; do
  filter=()
  [[ $tier != Scalar ]] || filter=(--filter 'Category!=Slow')
  for project in tests/*/*.csproj; do
    name="$(basename "$project" .csproj)"
    # What other programs read and write does not depend on the vector width.
    [[ $name != Dst.Interop.Tests || $tier == "${tiers[0]}" ]] || continue
    trx="$results/$name-$tier.trx"
    echo "== $name on $tier =="
    status=0
    DST_TEST_EXPECT_TIER="$tier" env "DOTNET_${switch[$tier]}" dotnet test "tests/$name/bin/Release/net10.0/$name.dll" --nologo \
      --logger "trx;LogFileName=$trx" "${filter[@]}" || status=$?
    good="$(count "$trx" passed)" bad="$(count "$trx" failed)"
    # A crash of the test host leaves no failed test behind: the run itself counts as one.
    if (( status != 0 && bad == 0 )) || (( good + bad == 0 )); then bad=1; fi
    passed=$((passed + good)) failed=$((failed + bad))
  done
done

echo "$passed passed, $failed failed"
(( failed == 0 ))
