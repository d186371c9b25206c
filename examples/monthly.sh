#!/usr/bin/env bash
# The month's work on one workspace, to be started every evening: monthly.sh WORKSPACE [STUDY …]
#
# What is done is not done again. The monthly is issued on the first evening whose data
# reach the day after a month's end: the data say that a month is over, not the clock. One run at a time; a run that was killed
# is taken up by the next.
set -euo pipefail
cd "$1"
shift
studies=("${@:-main}")
exec 9>.monthly.lock
flock --nonblock 9 || { echo "another run is at work" >&2; exit 0; }

gangru update
gangru check --fail-on error --html check.html >check.txt
for study in "${studies[@]}"; do
  gangru run --study "$study" >"reports-$study.txt"
done
