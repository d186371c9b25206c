#!/usr/bin/env bash
# The first run on the real market: three folds, plain GRU and GAN_GRU, return months 2019-02 to 2020-07.
# Usage: studies/first-run/run.sh WORKSPACE DATA   (DATA: the folder of market files)
set -euo pipefail
workspace=$1 data=$2
gangru init "$workspace" --set training.stocks_per_date=600 --set training.threads=1 \
  --set training.first=2018-12-31 --set training.last=2019-12-31
gangru ingest "$data" -C "$workspace"
gangru run -C "$workspace" --study gru --set features.generator=none
gangru run -C "$workspace"
python "$(dirname "$0")/tables.py" "$workspace"
