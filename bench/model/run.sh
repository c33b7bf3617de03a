#!/usr/bin/env bash
# A stack of decoder layers and decoding beside PyTorch's, in turns: run.sh [ROUNDS]
# Sets up TensorFlow, and installs torch from PyPI into .venv-bench unless PYTHON names a Python that has it. PRIORITY is put before each
# timed command, as in PRIORITY='chrt -r 10' on a machine that others use.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv-bench/bin/python}
if [ -z "${PYTHON:-}" ] && ! "$python" -c 'import torch' 2>/dev/null; then
  [ -x "$python" ] || python3 -m venv .venv-bench
  "$python" -m pip install --quiet torch
fi
npm run -s q-insight -- setup
priority=${PRIORITY:-}
for _ in $(seq "${1:-3}"); do
  Q_INSIGHT_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 \
    $priority node --conditions=@q-insight/source --import tsx bench/model/ours.ts 2>/dev/null
  $priority "$python" bench/model/torch_side.py eager
  $priority "$python" bench/model/torch_side.py compile
done
