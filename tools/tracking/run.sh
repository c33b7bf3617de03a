#!/usr/bin/env bash
# Checks what trackers write with the packages that read it: tensorboard, mlflow and wandb from PyPI.
# Installs them into .venv-tracking (about 1.2 GB) unless PYTHON names a Python that has them. Servers bind to 127.0.0.1.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv-tracking/bin/python}
if [ -z "${PYTHON:-}" ] && [ ! -x "$python" ]; then
  python3 -m venv .venv-tracking
  "$python" -m pip install --quiet 'tensorboard>=2.20,<3' 'mlflow>=3,<4' 'wandb>=0.31,<1' pillow
fi
"$python" tools/tracking/check.py "$@"
