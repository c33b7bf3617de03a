#!/usr/bin/env bash
# Loads label files of a million rows, each in a process of its own: run.sh [ROWS]
set -euo pipefail
cd "$(dirname "$0")/../.."
rows=${1:-1000000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
load="node --conditions=@q-insight/source --import tsx bench/data/load.ts"
$load make "$folder" "$rows"
for kind in deqa vlm-r1 csv koniq dq495k; do $load read "$folder" "$kind"; done
# The peer: what upstream does with the first of these files.
python3 - "$folder" <<'PYTHON' || echo 'no python3: peer left out'
import json, resource, sys, time
start, cpu = time.perf_counter(), time.process_time()
rows = json.load(open(f"{sys.argv[1]}/KONIQ/metas/rows.json"))
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{'deqa, Python json.load alone':30} {len(rows):9} rows  {seconds:6.2f} s  {cpu:6.2f} s CPU  {peak:6.0f} MB")
PYTHON
