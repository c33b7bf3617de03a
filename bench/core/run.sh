#!/usr/bin/env bash
# Core's losses beside PyTorch's and TRL's on the same numbers, in turns: run.sh
# Installs torch and trl from PyPI into .venv-bench (about 3 GB) unless PYTHON names a Python that has them.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv-bench/bin/python}
if [ -z "${PYTHON:-}" ] && [ ! -x "$python" ]; then
  python3 -m venv .venv-bench
  "$python" -m pip install --quiet torch 'trl==1.16.0'
fi
PYTHON="$python" node --conditions=@q-insight/source --import tsx bench/core/loss.ts
