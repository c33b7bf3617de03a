#!/usr/bin/env bash
# A GRPO step of ours beside TRL's, in turns: run.sh [ROUNDS]
# Sets up TensorFlow, and installs torch and TRL from PyPI into .venv-bench (about 3 GB) unless PYTHON names a Python that
# has them. PRIORITY is put before each timed command, as in PRIORITY='chrt -r 10' on a machine that others use.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv-bench/bin/python}
if [ -z "${PYTHON:-}" ] && ! "$python" -c 'import datasets, peft, PIL, torchvision, transformers, trl' 2>/dev/null; then
  [ -x "$python" ] || python3 -m venv .venv-bench
  "$python" -m pip install --quiet torch torchvision 'trl==1.16.0' 'transformers==5.24.0' 'peft==0.21.2' pillow datasets
fi
npm run -s q-insight -- setup
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
node --conditions=@q-insight/source --import tsx bench/trl/make-checkpoint.ts "$folder"
PYTHON="$python" node --conditions=@q-insight/source --import tsx bench/trl/compare.ts "$folder" "${1:-3}"
