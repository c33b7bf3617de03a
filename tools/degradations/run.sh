#!/usr/bin/env bash
# Compares every function of both ladders with Pillow, OpenCV, scikit-image and scipy on photographs.
# Installs them from PyPI into .venv-degradations (about 400 MB) unless PYTHON names a Python that has them.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv-degradations/bin/python}
if [ -z "${PYTHON:-}" ] && [ ! -x "$python" ]; then
  python3 -m venv .venv-degradations
  "$python" -m pip install --quiet 'scikit-image>=0.26,<0.27' 'pillow>=13,<14' 'opencv-python-headless>=5,<6'
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
npx tsx --conditions=@q-insight/source tools/degradations/dump.ts "$out"
"$python" -W ignore tools/degradations/check.py "$out"
