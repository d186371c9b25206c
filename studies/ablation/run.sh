#!/usr/bin/env bash
# The ablation on the real market: three folds, every variant, return months 2019-02 to 2021-01.
# Usage: studies/ablation/run.sh WORKSPACE DATA   (DATA: the folder of market files)
# May be stopped and given again: what is trained is not trained again, what is begun goes on.
set -euo pipefail
workspace=$1 data=$2
# glibc gives the large blocks of each step back to the system and asks for them anew; 23 % of a GAN's
# processor time went there (docs/experiments.md); keeping them changes no number
export OMP_NUM_THREADS=1 MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TOP_PAD_=268435456
if [ ! -e "$workspace/study.toml" ]; then
  gangru init "$workspace" --set training.stocks_per_date=400 --set training.threads=1
  gangru ingest "$data" -C "$workspace"
fi
gangru ablate -C "$workspace" --folds 2018-12-31,2019-12-31,2020-06-30 --seeds 2 --until 2021-12 \
  --set training.validation_stocks_per_date=1000 \
  --with "recon: gan.reconstruction_weight=10" \
  --markdown "$workspace/ablation.md"
# which z, and whether the generated windows' small scale is what costs: on the first training
gangru ablate -C "$workspace" --folds 2018-12-31 --seeds 2 --until 2021-12 \
  --set training.validation_stocks_per_date=1000 \
  --with "recon: gan.reconstruction_weight=10" --with "standard: gan.standardise=true" \
  --with "zboth: gan.z=window+noise" --with "znoise: gan.z=noise" \
  --markdown "$workspace/ablation-z.md"
