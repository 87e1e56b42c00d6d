#!/usr/bin/env bash
# fuzz/run.sh BINARIES SECONDS TARGET…: runs each target for so long, as many at once as there are processors, and says
# how often. It begins with fuzz/corpus; what it adds goes to target/fuzz/corpus, for the next run and for
# `make fuzz-corpus`. Exit 1: a finding, whose input is named.
set -euo pipefail
cd "$(dirname "$0")/.."
binaries=$1 seconds=$2
shift 2
work=target/fuzz

one() {
  local target=$1 log=$work/log/$1.log options=()
  # Targets that read no text find nothing with words.
  case $target in inflate | rollup | shapes) ;; *) options=(-dict=fuzz/dict/log.dict) ;; esac
  # The same inputs each time, as far as the seconds go: what a change must pass is no lottery.
  [ -z "${FUZZ_SEED:-}" ] || options+=("-seed=$FUZZ_SEED")
  mkdir -p "$work/log" "$work/findings" "$work/corpus/$target"
  "$binaries/$target" "$work/corpus/$target" "fuzz/corpus/$target" "${options[@]}" \
    -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="$work/findings/$target-" > "$log" 2>&1 && return 0
  echo "$target FOUND SOMETHING, all of it is in $log:" >&2
  grep -a -E '^thread .*panicked at|ERROR: libFuzzer|Test unit written to' -A 1 "$log" >&2 || tail -n 20 "$log" >&2
  return 1
}

if [ "$1" = --one ]; then
  one "$2"
  exit
fi
found=0
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 "$0" "$binaries" "$seconds" --one || found=1
printf '%-14s %14s %14s\n' target executions 'per second'
for target in "$@"; do
  awk -v target="$target" '
    /^stat::number_of_executed_units:/ { executions = $2 }
    /^stat::average_exec_per_sec:/ { rate = $2 }
    END { printf "%-14s %14s %14s\n", target, executions, rate }' "$work/log/$target.log"
done
exit "$found"
