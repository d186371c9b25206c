#!/usr/bin/env bash
# Evaluate three known anomalies, and the factors of the studies named, on a workspace's market:
#   studies/evaluation/run.sh WORKSPACE OUT [STUDY…]
# writes OUT/NAME.json of each, the anomalies' tables beside them, and prints the tables of docs/results/evaluation.md.
set -euo pipefail
workspace=$1 out=$2; shift 2
bin=$(dirname "$(command -v "${PYTHON:-python3}")")
here=$(dirname "$0")
"$bin/python" "$here/anomalies.py" "$workspace" "$out/factors"
for file in "$out"/factors/*.parquet; do
  "$bin/gangru" evaluate -C "$workspace" --factor "$file" --json > "$out/$(basename "$file" .parquet).json"
done
for study in "$@"; do
  "$bin/gangru" evaluate -C "$workspace" --study "$study" --json > "$out/$study.json"
done
"$bin/python" "$here/tables.py" "$out"/*.json
