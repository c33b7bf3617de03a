"""Runs trainers from PyPI against `q-insight serve`: npm run test:callers [-- trl verl openrlhf verifiers swift]

Each gets a virtual environment of its own in .venv-callers: 7 GB in all where the file system lets uv share files, as
PyPI's torch brings CUDA. Needs Python 3.12 (PYTHON names one) and Node.
"""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ENVIRONMENTS = ROOT / ".venv-callers"
TIMEOUT = 600  # seconds a check may take

# What to install. OpenRLHF by itself: of its requirements flash-attn needs a CUDA compiler, deepspeed and vLLM a GPU.
PACKAGES = {
    "trl": [["trl==1.16.0"]],
    "verl": [["verl==0.9.1"]],
    "openrlhf": [
        ["--no-deps", "openrlhf==0.11.2"],
        ["torch", "transformers==5.15.0", "aiohttp", "pylatexenc", "ray==2.55.0"],
    ],
    "verifiers": [["verifiers==0.4.0"]],
    "swift": [["ms-swift==4.6.0", "msgspec"]],  # which it imports and does not declare
}


def main(names: list[str]) -> int:
    unknown = set(names) - set(PACKAGES)
    if unknown:
        print(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PACKAGES)}")
        return 2
    uv = find_uv()
    rows = []
    server, url = start_server()
    try:
        for name in names or list(PACKAGES):
            print(f"== {name}", flush=True)
            rows += check(name, install(uv, name), uv, url)
    finally:
        server.terminate()
        server.wait(30)
    print_table(rows)
    failed = sum(not row["ok"] for row in rows)
    print(f"\n{len(rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


def find_uv() -> str:
    found = shutil.which("uv") or str(ENVIRONMENTS / "uv" / "bin" / "uv")
    if not Path(found).exists():
        subprocess.run([find_python(), "-m", "venv", str(ENVIRONMENTS / "uv")], check=True)
        subprocess.run([str(ENVIRONMENTS / "uv" / "bin" / "pip"), "install", "--quiet", "uv"], check=True)
    return found


def find_python() -> str:
    """A Python 3.12 that runs; pyenv's python3.12 may be there and not."""
    named = [
        os.environ.get("PYTHON"),
        "python3.12",
        sys.executable,
        *glob.glob(str(Path.home() / ".pyenv/versions/3.12.*/bin/python")),
    ]
    for python in filter(None, named):
        probe = [python, "-c", "import sys; raise SystemExit(sys.version_info[:2] != (3, 12))"]
        if shutil.which(python) and subprocess.run(probe, stderr=subprocess.DEVNULL).returncode == 0:
            return python
    raise SystemExit("needs Python 3.12: name one in PYTHON")


def install(uv: str, name: str) -> Path:
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    done = folder / "installed.json"
    wanted = json.dumps(PACKAGES[name])
    if done.exists() and done.read_text() == wanted:
        return python
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", find_python(), str(folder)], check=True)
    for packages in PACKAGES[name]:
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), *packages], check=True)
    done.write_text(wanted)
    return python


def start_server() -> tuple[subprocess.Popen[str], str]:
    node = ["node", "--conditions=@q-insight/source", "--import", "tsx", "packages/trainer/src/cli/main.ts"]
    command = [*node, "serve", str(HERE / "rewards.ts"), "--port", "0"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    for line in server.stdout or []:
        url = re.search(r"http://127\.0\.0\.1:\d+", line)
        if url:
            return server, url[0]
    raise SystemExit(f"the server did not start: exit code {server.wait()}")


def check(name: str, python: Path, uv: str, url: str) -> list[dict]:
    environment = {
        **os.environ,
        "PATH": f"{python.parent}{os.pathsep}{Path(uv).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "packages/rewards/python"),
        "Q_INSIGHT_URL": url,
        "CUDA_VISIBLE_DEVICES": "",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "2",
    }
    began = time.monotonic()
    script = str(HERE / "checks" / f"{name}_check.py")
    try:
        run = subprocess.run(
            [str(python), "-W", "ignore", script], env=environment, capture_output=True, text=True, timeout=TIMEOUT
        )
        output, error = run.stdout, run.stderr
        failure = None if run.returncode == 0 else f"exit code {run.returncode}"
    except subprocess.TimeoutExpired as late:
        output, error = (
            str(part or b"", "utf-8", "replace") if isinstance(part, bytes) else part or ""
            for part in (late.stdout, late.stderr)
        )
        failure = f"not done in {TIMEOUT} s"
    rows = [{"caller": name, **json.loads(line[6:])} for line in output.splitlines() if line.startswith("CHECK ")]
    if failure is not None or not rows:
        print(output[-2000:] + error[-4000:])
        rows.append(
            {
                "caller": name,
                "what": "the script ran to its end",
                "ok": False,
                "detail": failure or "it checked nothing",
            }
        )
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    return rows


def print_table(rows: list[dict]) -> None:
    for row in rows:
        print(f"{'ok  ' if row['ok'] else 'FAIL'} {row['caller']:10} {row['what']:74} {row['detail']}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
