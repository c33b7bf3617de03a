#!/usr/bin/env bash
# Trains a tiny Qwen3 through a real SkyRL server on the CPU: npm run test:skyrl
# Installs SkyRL 0.4 with jax from PyPI into .venv-skyrl (6.3 GB). PYTHON names a Python of 3.12 or later.
set -euo pipefail
cd "$(dirname "$0")/../.."
environment=.venv-skyrl
if [ ! -x "$environment/bin/uv" ]; then
  "${PYTHON:-python3.12}" -m venv "$environment"
  "$environment/bin/python" -m pip install --quiet uv
fi
# SkyRL imports aiohttp and does not declare it
VIRTUAL_ENV=$environment "$environment/bin/uv" pip install --quiet 'skyrl[tinker,jax]==0.4.0' aiohttp
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$environment/bin/python" tools/skyrl/make_checkpoint.py "$work/qwen3"
node --conditions=@q-insight/source --import tsx tools/skyrl/check.ts "$environment" "$work"
