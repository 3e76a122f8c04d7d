#!/usr/bin/env bash
# Installs what tests need, restores, builds with warnings as errors, checks the format and runs every test once: tests go through the
# vector widths (tiers) of this machine themselves. Tests of the category Tier run again under each switch that takes vectors from the
# runtime. Then the command line is published for other systems, and Dst.Fuzz reads mutated files for a minute.
# The last line is "N passed, N failed"; the exit code is 0 only if tests ran and all passed.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
results="$PWD/artifacts/tests"
rm -rf "$results"
tests/install-tools.sh

check_columns() { # lines of sources and scripts have at most 140 columns
  local long folders=(src tests bench docs/samples docs/reference test.sh)
  long="$(LC_ALL=C.UTF-8 grep -rnoE --include='*.cs' --include='*.sh' --exclude-dir={bin,obj} '^.{141}' "${folders[@]}" \
    | cut -d: -f1,2)" || true
  [[ -z $long ]] || { printf '%s\n' "lines of more than 140 columns:" "$long" >&2; return 1; }
}
check_columns

dotnet restore Dst.slnx -v quiet
dotnet build Dst.slnx -c Release --no-restore -v quiet -warnaserror
mkdir -p "$results"
dotnet format Dst.slnx --no-restore --verify-no-changes > "$results/format.log" 2>&1 & # one core is enough, so it runs beside the tests
format=$!

passed=0 failed=0
count() { # TRX ATTRIBUTE: an attribute of the <Counters> element of a result file, 0 if there is none
  local value=""
  [[ ! -e $1 ]] || value="$(sed -n "s/.*<Counters .*\b$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1)"
  echo "${value:-0}"
}

run_tests() { # PROJECT NAME [ARGUMENT...]: runs tests of a project into the result file NAME and counts them
  local project=$1 trx="$results/$2.trx" status=0 good bad
  echo "== $2 =="
  dotnet test "tests/$project/bin/Release/net10.0/$project.dll" --nologo --logger "trx;LogFileName=$trx" "${@:3}" || status=$?
  good="$(count "$trx" passed)" bad="$(count "$trx" failed)"
  # A crash of the test host leaves no failed test behind: the run itself counts as one.
  if (( status != 0 && bad == 0 )) || (( good + bad == 0 )); then bad=1; fi
  passed=$((passed + good)) failed=$((failed + bad))
}

for project in tests/*.Tests/*.csproj; do
  name="$(basename "$project" .csproj)"
  run_tests "$name" "$name"
done
for switch in EnableAVX512 EnableAVX2 EnableHWIntrinsic; do
  export "DOTNET_$switch=0"
  run_tests Dst.Tests "Dst.Tests-without-${switch#Enable}" --filter Category=Tier # a result file may have no "=" in its name
  unset "DOTNET_$switch"
done

count_command() { # COMMAND...: a command that counts as one test
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

count_background() { # NAME PROCESS: what ran beside the tests and wrote NAME.log counts as one test
  echo "== $1 =="
  count_command wait "$2"
  cat "$results/$1.log"
}

# A minute of mutated files runs beside the builds. Failing inputs and how to repeat them are in artifacts/fuzz.
dotnet tests/Dst.Fuzz/bin/Release/net10.0/Dst.Fuzz.dll --seconds 60 --out artifacts/fuzz > "$results/fuzz.log" 2>&1 &
fuzz=$!
for system in win-x64 osx-arm64 linux-arm64 linux-musl-x64; do
  echo "== dst for $system =="
  count_command dotnet publish src/Dst.Cli -c Release -r "$system" --no-self-contained -p:RunAnalyzers=false -v quiet -nologo \
    -o "artifacts/published/$system"
done
count_background fuzz "$fuzz"
count_background format "$format"

echo "$passed passed, $failed failed"
(( failed == 0 ))
