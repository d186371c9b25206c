#!/usr/bin/env bash
# What may explain a difference: the factor on some stocks alone, random scores, and the audit of the study itself.
#
#   studies/published/explain.sh WORKSPACE [STUDY …]     after run.sh; main and best unless named
#
# Fills WORKSPACE/explain, which tables.py reads. What is there is not made again.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
workspace=$1
shift
out=$workspace/explain
mkdir -p "$out"

# Runs a command whose output becomes a file, which is there as a whole or not at all.
into() {
  local file=$out/$1
  shift
  [ -e "$file" ] || { "$@" >"$file.part" && mv "$file.part" "$file"; }
}

for study in ${*:-main best}; do
  [ -e "$workspace/runs/$study/factor.parquet" ] || continue
  into "$study-restricted.txt" python "$here/restrict.py" "$workspace" "$study" "$out"
  for some in liquid sound alive; do
    into "$study-$some.json" gangru evaluate -C "$workspace" --study "$study" --factor "$out/$study-$some.parquet" --json
  done
done
into random.json gangru random-scores -C "$workspace" --first 2019-02 --json
into audit.txt gangru audit -C "$workspace"
