#!/usr/bin/env bash
# The tests of the core and of the commands on each Python given, once with the lowest dependencies that pyproject.toml allows and
# once with the newest.
#
#   tools/matrix.sh [PYTHON …]
#
# Environments lie in build/matrix and are kept until a bound changes; a line a combination goes to build/matrix/result.txt. Where the
# index has no CPU build of a torch, its GPU packages come too: gigabytes an environment. Tests of extras that only some machines have
# are left out.
set -uo pipefail
unset PYTHONPATH # the wheel is tried, not a checkout
cd "$(dirname "$0")/.."
newest_torch=$(sed -n 's/^torch==//p' requirements.lock)
out=build/matrix
mkdir -p "$out"
: >"$out/result.txt"

for python in "${@:-python3}"; do
  for end in lowest newest; do
    name=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-$end
    env=$out/$name
    wanted=$(python3 tools/bounds.py "$end" "$newest_torch")
    [ "$(cat "$env/wanted.txt" 2>/dev/null)" = "$wanted" ] || rm -rf "$env"
    install=("$env/bin/pip" install --quiet --disable-pip-version-check)
    if [ ! -x "$env/bin/python" ]; then
      "$python" -m venv "$env"
      echo "$wanted" >"$env/wanted.txt"
      "${install[@]}" --only-binary :all: -r "$env/wanted.txt" \
        pytest pytest-xdist hypothesis pandas statsmodels psutil lightgbm duckdb openpyxl jsonschema &&
        "${install[@]}" --no-deps hatchling editables pathspec pluggy trove-classifiers packaging || {
        echo "$name: cannot be installed" | tee -a "$out/result.txt"
        rm -rf "$env"
        continue
      }
    fi
    "${install[@]}" --no-deps --no-build-isolation --force-reinstall . || exit 1
    "$env/bin/pip" freeze >"$out/$name.txt" 2>/dev/null
    if "$env/bin/python" -m pytest -o addopts=--strict-markers -q -n 2 --dist loadfile --no-header -p no:cacheprovider tests/market tests/features tests/models \
      tests/training tests/factor tests/evaluation tests/cli --ignore tests/evaluation/enhance --ignore tests/market/vendors \
      --ignore tests/training/test_ray.py --ignore tests/training/test_ray_asking.py --ignore tests/market/test_store_s3.py >"$out/$name.log" 2>&1; then
      verdict=passed
    else
      verdict=FAILED
    fi
    echo "$name: $verdict, $(tail -1 "$out/$name.log")" | tee -a "$out/result.txt"
  done
done
! grep -q FAILED "$out/result.txt"
