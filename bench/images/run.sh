#!/usr/bin/env bash
# Photographs per second from JPEG to patches, ours and transformers': run.sh [SECONDS]. PYTHON names a Python with transformers and torch.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-10}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
node --conditions=@q-insight/source --import tsx bench/images/pipeline.ts "$folder" "$seconds"
if [ -n "${PYTHON:-}" ]; then "$PYTHON" -W ignore bench/images/peer.py "$folder" "$seconds"; else echo 'no PYTHON: peer left out'; fi
