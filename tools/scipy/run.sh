#!/usr/bin/env bash
# Compares correlations and logistic fits with scipy's on 1,000 random sets: run.sh [SETS]
# Installs scipy from PyPI into .venv-scipy (about 150 MB) unless PYTHON names a Python that has it.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv-scipy/bin/python}
if [ -z "${PYTHON:-}" ] && [ ! -x "$python" ]; then
  python3 -m venv .venv-scipy
  "$python" -m pip install --quiet 'scipy>=1.17,<2'
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
npx tsx --conditions=@q-insight/source tools/scipy/dump.ts "${1:-1000}" "$out/sets.json"
"$python" tools/scipy/check.py "$out/sets.json"
