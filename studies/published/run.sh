#!/usr/bin/env bash
# The seven-year study on the real market: the published form, its controls and further seeds.
#
#   studies/published/run.sh DATA [WORKSPACE] [STUDY …]     DATA: the folder of market files
#
# WORKSPACE is this folder unless given; studies are all of the list below unless named. Two are trained at once, a
# thread each. May be stopped and given again: what is trained is not trained again, what is begun goes on.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$(cd "$1" && pwd) workspace=${2:-$here}
shift $(($# < 2 ? $# : 2))
export OMP_NUM_THREADS=1
mkdir -p "$workspace"
[ -e "$workspace/study.toml" ] || cp "$here/study.toml" "$workspace/"
mkdir -p "$workspace/studies"
[ -e "$workspace/studies/best.toml" ] || cp "$here/../best/study.toml" "$workspace/studies/best.toml"
[ -e "$workspace/store/bars" ] || gangru ingest "$data" -C "$workspace"

# name | what differs from study.toml
studies='
main     |
gru      | --preset plain-gru
gan-1    | --set training.seed=1
gru-1    | --preset plain-gru --set training.seed=1
gan-2    | --set training.seed=2
gru-2    | --preset plain-gru --set training.seed=2
best     |
reversal | --set predictor.kind=reversal --set features.generator=none
lightgbm | --set predictor.kind=lightgbm --set features.generator=none
recon    | --preset reconstruct
ae       | --set features.generator=ae
'
# One thing changed, to explain a difference; trained where they are named alone, on all stocks or three of the dates.
three="--set 'training.folds=[\"2018-12-31\",\"2022-12-31\",\"2023-12-31\"]'"
one_date="--set 'training.folds=[\"2018-12-31\"]'"
explaining="
full       | --set training.stocks_per_date=0 --set training.validation_stocks_per_date=0 $one_date
gru-full   | --preset plain-gru --set training.stocks_per_date=0 --set training.validation_stocks_per_date=0 $one_date
gru-novwap | --preset plain-gru --set 'features.names=[\"open\",\"high\",\"low\",\"close\",\"volume\",\"amount\",\"turnover\",\"return_1d\",\"overnight_gap\",\"intraday_return\",\"amplitude\",\"upper_shadow\",\"lower_shadow\",\"close_position\",\"excess_return\",\"amihud\"]' --set 'training.folds=[\"2022-12-31\",\"2023-12-31\"]'
gru-block  | --preset plain-gru --set training.split=block $three
gru-lag0   | --preset plain-gru --set label.entry_lag=0 $three
"
wanted=" ${*:-$(awk -F'|' 'NF > 1 { print $1 }' <<<"$studies" | xargs)} "

one() {
  local name=$1
  shift
  {
    gangru train -C "$workspace" --study "$name" "$@" &&
      gangru factor -C "$workspace" --study "$name" &&
      gangru evaluate -C "$workspace" --study "$name" >"$workspace/runs/$name/evaluation.txt" &&
      # Those that explain have some of the months alone, not the published end.
      { [[ $explained == *" $name "* ]] ||
        gangru evaluate -C "$workspace" --study "$name" --month 2025-04-28 --json >"$workspace/runs/$name/cut.json"; }
  } &>>"$workspace/log.$name" || echo "$name failed: see $workspace/log.$name" >&2
}
export -f one
explained=" $(awk -F'|' 'NF > 1 { print $1 }' <<<"$explaining" | xargs) "
export workspace explained
awk -F'|' -v wanted="$wanted" 'NF > 1 { gsub(/ /, "", $1); if (index(wanted, " " $1 " ")) print $1, $2 }' <<<"$studies$explaining" |
  xargs -d '\n' -P 2 -I{} bash -c 'one {}'
