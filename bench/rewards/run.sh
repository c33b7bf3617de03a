#!/usr/bin/env bash
# Our reward functions beside TRL's and Q-Insight's in Python, on the same texts, in turns: run.sh
# Installs TRL and math-verify from PyPI into .venv-bench (about 3 GB) unless PYTHON names a Python that has them.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv-bench/bin/python}
if [ -z "${PYTHON:-}" ]; then
  [ -x "$python" ] || python3 -m venv .venv-bench
  "$python" -c 'import trl, math_verify' 2>/dev/null || "$python" -m pip install --quiet trl==1.16.0 math-verify==0.9.0
fi
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
# Built as the package is: tsx, which runs sources, names every closure at a cost of its own.
npx esbuild bench/rewards/functions.ts --bundle --platform=node --format=esm --conditions=@q-insight/source \
  --log-level=warning --outfile="$built/functions.mjs"
PYTHON="$python" node "$built/functions.mjs"
