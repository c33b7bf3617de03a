"""Trains the tiny recipe for a few steps, kills it, lets it go on while MLflow is away, and reads every tracker back.

Every figure of every step must be there once, with the value metrics.jsonl has.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import read_back

STEPS, KILLED_AFTER, SAVED = 14, 8, 5
CLI = ["node", "--conditions=@q-insight/source", "--import", "tsx", "packages/trainer/src/cli/main.ts"]
SMALL = ["grpo.groupSize=4", "grpo.promptsPerStep=4", f"saveEvery={SAVED}", "completionsEvery=4", "evaluate.every=3", "evaluate.prompts=8"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, seconds=300):
    until = time.time() + seconds
    while time.time() < until:
        if condition():
            return
        time.sleep(0.2)
    sys.exit(f"waited {seconds} s for {what}")


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=2).status == 200
    except OSError:
        return False


def start_mlflow(folder, port):
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/artifacts"]
    log = open(f"{folder}/mlflow.log", "a")
    server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    wait_for("mlflow server", lambda: answers(f"http://127.0.0.1:{port}/health"), 120)
    return server


def stop(process):
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(60)


def steps_done(run):
    try:
        return sum(1 for _ in open(f"{run}/metrics.jsonl"))
    except FileNotFoundError:
        return 0


def start_training(run, *arguments):
    command = [*CLI, "train", *arguments, "--output", run, "--no-evaluate"]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=open(f"{run}.log", "a"))


def train(folder, port):
    """A run that is killed after some steps and goes on from a checkpoint before, while MLflow is away for a while."""
    run, address = f"{folder}/run", f"http://127.0.0.1:{port}"
    mlflow = start_mlflow(folder, port)
    sets = [part for setting in SMALL for part in ("--set", setting)]
    trackers = f"tensorboard,wandb=q-insight,mlflow={address}"
    first = start_training(run, "recipes/tiny.yaml", "--steps", str(STEPS), "--track", trackers, *sets)
    wait_for("the first steps", lambda: steps_done(run) >= KILLED_AFTER or first.poll() is not None)
    first.kill()
    first.wait()
    print(f"killed after step {steps_done(run)}; it goes on from the checkpoint of step {SAVED} while MLflow is away")
    stop(mlflow)
    second = start_training(run, "--resume")
    wait_for("steps without MLflow", lambda: steps_done(run) == KILLED_AFTER + 2 or second.poll() is not None)
    mlflow = start_mlflow(folder, port)
    if second.wait(600) != 0:
        sys.exit(open(f"{run}.log").read())
    return run, address, mlflow


def main():
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        run, address, mlflow = train(folder, port)
        try:
            log = open(f"{run}.log").read()
            assert log.count("does not answer") == 1, log
            rows = read_back.logged(run)
            assert [row["step"] for row in rows] == list(range(1, STEPS + 1))
            print("tensorboard, event files:", read_back.tensorboard_files(run, rows))
            print("tensorboard, its server: ", read_back.tensorboard_server(run, rows, free_port()))
            print("mlflow:                  ", read_back.mlflow(run, rows, address))
            print("wandb sync:              ", read_back.wandb(run, rows))
        finally:
            stop(mlflow)
    print("all trackers hold what metrics.jsonl holds")


if __name__ == "__main__":
    main()
