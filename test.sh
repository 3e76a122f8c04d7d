#!/usr/bin/env bash
# Installs what tests need, restores, builds with warnings as errors, checks the layout of sources and runs every test once: tests go
# through the vector widths (tiers) of this machine themselves. Tests of the category Tier run again under each switch that takes vectors
# from the runtime. Then the command line is published for other systems, and Dst.Fuzz reads mutated files for a minute.
# What does not need each other runs at the same time: Dst.Interop.Tests often waits for compilers and emulators.
# The last lines name what failed and say "N passed, N failed"; the exit code is 0 only if tests ran and all passed.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
results="$PWD/artifacts/tests"
rm -rf "$results"
mkdir -p "$results"
trap 'trap - TERM; kill 0' INT # also what runs in the background
tests/install-tools.sh > "$results/tools.log" 2>&1 &
tools=$!

check_sources() { # lines have at most 140 columns, and using directives stand in order, those of System first
  local folders=(src tests bench docs/samples docs/reference test.sh) wrong
  wrong="$(
    LC_ALL=C.UTF-8 grep -rnoE --include='*.cs' --include='*.sh' --exclude-dir={bin,obj} '^.{141}' "${folders[@]}" \
      | sed -E 's/^([^:]*:[0-9]*):.*/\1: more than 140 columns/' || true
    find "${folders[@]}" \( -name bin -o -name obj \) -prune -o -name '*.cs' -print0 | xargs -0 awk '
      FNR == 1 { last = "" }
      /^using [A-Za-z0-9_.]+;$/ {
        name = substr($2, 1, length($2) - 1); key = (name !~ /^System(\.|$)/) tolower(name)
        if (key < last) print FILENAME ":" FNR ": using directives out of order"
        last = key
      }'
  )"
  [[ -z $wrong ]] || { printf '%s\n' "$wrong" >&2; return 1; }
}
check_sources

dotnet restore Dst.slnx -v quiet
dotnet build Dst.slnx -c Release --no-restore -v quiet -warnaserror

attribute() { # TRX NAME: an attribute of the <Counters> element of a result file, 0 if there is none
  local value=""
  [[ ! -e $1 ]] || value="$(sed -n "s/.*<Counters .*\b$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1)"
  echo "${value:-0}"
}

count() { # PASSED FAILED
  echo "$1 $2" >> "$results/counts"
}

run_tests() { # PROJECT NAME [ARGUMENT...]: runs tests of a project into the result file NAME and counts them
  local project=$1 trx="$results/$2.trx" status=0 passed failed
  echo "== $2 =="
  dotnet test "tests/$project/bin/Release/net10.0/$project.dll" --nologo --logger "trx;LogFileName=$trx" "${@:3}" || status=$?
  passed="$(attribute "$trx" passed)" failed="$(attribute "$trx" failed)"
  sed -nE '/<UnitTestResult .*outcome="Failed"/s/.* testName="([^"]*)".*/failed: \1/p' "$trx" >> "$results/failed" || true
  # A crash of the test host leaves no failed test behind: the run itself counts as one.
  if (( status != 0 && failed == 0 )) || (( passed + failed == 0 )); then
    failed=1
    echo "failed: $2, without a failed test" >> "$results/failed"
  fi
  count "$passed" "$failed"
}

run_command() { # NAME COMMAND...: runs a command that counts as one test
  echo "== $1 =="
  if "${@:2}"; then
    count 1 0
  else
    count 0 1
    echo "failed: $1" >> "$results/failed"
  fi
}

unit_tests() {
  run_tests Dst.Tests Dst.Tests
  for switch in EnableAVX512 EnableAVXVNNI EnableAVX2 EnableHWIntrinsic; do
    export "DOTNET_$switch=0"
    run_tests Dst.Tests "Dst.Tests-without-${switch#Enable}" --filter Category=Tier # a result file may have no "=" in its name
    unset "DOTNET_$switch"
  done
}

publish() { # SYSTEM
  dotnet publish src/Dst.Cli -c Release -r "$1" --no-self-contained -p:RunAnalyzers=false -v quiet -nologo -o "artifacts/published/$1"
}

unit_tests > "$results/unit.log" 2>&1 &
unit=$!
wait "$tools"
cat "$results/tools.log"
run_tests Dst.Interop.Tests Dst.Interop.Tests
wait "$unit"
cat "$results/unit.log"

# Failing inputs and how to repeat them are in artifacts/fuzz.
run_command fuzz dotnet tests/Dst.Fuzz/bin/Release/net10.0/Dst.Fuzz.dll --seconds 60 --out artifacts/fuzz > "$results/fuzz.log" 2>&1 &
fuzz=$!
for system in win-x64 osx-arm64 linux-arm64 linux-musl-x64; do run_command "dst for $system" publish "$system"; done
run_command layout dotnet format whitespace . --folder --verify-no-changes
wait "$fuzz"
cat "$results/fuzz.log"

[[ ! -s "$results/failed" ]] || cat "$results/failed"
read -r passed failed < <(awk '{ passed += $1; failed += $2 } END { print passed, failed }' "$results/counts")
echo "$passed passed, $failed failed"
(( failed == 0 ))
