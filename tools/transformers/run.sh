#!/usr/bin/env bash
# Checks that transformers loads a checkpoint of ours and says the same: run.sh [CHECKPOINT]
# Installs torch and transformers from PyPI into .venv-transformers (about 3 GB) unless PYTHON names a Python that has them.
set -euo pipefail
cd "$(dirname "$0")/../.."
checkpoint=${1:-examples/tiny/checkpoint}
python=${PYTHON:-.venv-transformers/bin/python}
if [ -z "${PYTHON:-}" ] && [ ! -x "$python" ]; then
  python3 -m venv .venv-transformers
  "$python" -m pip install --quiet torch torchvision 'transformers>=5,<6' pillow
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
npx tsx --conditions=@q-insight/source tools/transformers/dump.ts "$checkpoint" "$out"
HF_HUB_OFFLINE=1 "$python" tools/transformers/check.py "$checkpoint" "$out"
