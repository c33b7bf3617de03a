"""Reads a run back from each tracker and compares it with the rows of its metrics.jsonl, value for value."""

import glob
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import numpy as np
from PIL import Image

import wandb_server

OWN_TAGS = {
    "reward": "reward/mean",
    "reward_std": "reward/std",
    "frac_reward_zero_std": "reward/zero_std_share",
    "unscorable": "reward/unscorable",
    "step_time": "time/step",
    "tokens_per_second": "time/tokens_per_second",
}


def tag_of(name):
    if name.startswith("rewards/"):
        return "reward/" + name.removeprefix("rewards/")
    return OWN_TAGS.get(name) or (name if "/" in name else f"train/{name}")


def logged(run):
    """The rows of metrics.jsonl, with what an evaluation after a step measured."""
    rows = [json.loads(line) for line in open(f"{run}/metrics.jsonl")]
    for line in open(f"{run}/evaluations.jsonl"):
        evaluation = json.loads(line)
        (row,) = (row for row in rows if row["step"] == evaluation["step"])
        row |= {f"evaluation/{name}": value for name, value in evaluation.items() if type(value) is float or type(value) is int}
        del row["evaluation/step"]
    return rows


def curves(rows):
    """{name: [(step, value)]} of all figures."""
    found = {}
    for row in rows:
        for name, value in row.items():
            if name != "step":
                found.setdefault(name, []).append((row["step"], value))
    return found


def same(name, got, wanted):
    assert got == wanted, f"{name}: got {got}, the run folder has {wanted}"


def as_float32(points):
    return [(step, float(np.float32(value))) for step, value in points]


def tensorboard_files(run, rows):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    files = glob.glob(f"{run}/tensorboard/*")
    same("event files", len(files), 2)
    events = EventAccumulator(f"{run}/tensorboard", size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    events.Reload()
    wanted = curves(rows)
    same("tags", set(events.Tags()["scalars"]), {tag_of(name) for name in wanted})
    for name, points in wanted.items():
        got = [(event.step, event.value) for event in events.Scalars(tag_of(name))]
        same(name, got, as_float32(points))

    shown = [step for step in range(1, len(rows) + 1) if (step - 1) % 4 == 0]
    rollouts = [json.loads(line) for line in open(f"{run}/rollouts.jsonl")]
    for tag in (tag for tag in events.Tags()["tensors"] if tag.startswith("completions/")):
        for event in events.Tensors(tag):
            text = event.tensor_proto.string_val[0].decode()
            task = tag.split("/")[1]
            of_step = [row for row in rollouts if row["step"] == event.step and row["label"]["task"] == task]
            group = [row for row in of_step if row["id"].rsplit(".", 1)[0] == of_step[0]["id"].rsplit(".", 1)[0]]
            assert event.step in shown and f"Prompt {group[0]['prompt']}" in text, text
            for row in group:
                assert all(f"    {line}" in text for line in re.split("[\r\n]", row["text"])), (row["text"], text)
    images = [image for tag in events.Tags()["images"] for image in events.Images(tag)]
    for image in images:
        same("image size", Image.open(io.BytesIO(image.encoded_image_string)).size, (image.width, image.height))
    assert {image.step for image in images} == set(shown), images
    values = sum(len(points) for points in wanted.values())
    return f"{len(wanted)} curves, {values} values equal (as float32), {len(images)} pictures with their answers"


def tensorboard_server(run, rows, port):
    """The server's own reader of event files, which is another program than the package's."""
    command = ["tensorboard.main", "--logdir", run, "--host", "127.0.0.1", "--port", str(port), "--load_fast", "true"]
    log = open(os.devnull, "w")
    server = subprocess.Popen(
        [sys.executable, "-m", *command], stdout=log, stderr=log, start_new_session=True
    )
    root = f"http://127.0.0.1:{port}/data/plugin/scalars"

    def ask(path):
        return json.load(urllib.request.urlopen(root + path, timeout=10))

    try:
        until = time.time() + 120
        while True:
            try:
                tags = ask("/tags")
                if tags:
                    break
            except OSError:
                pass
            assert time.time() < until, "tensorboard does not answer"
            time.sleep(0.5)
        (name,) = tags
        for figure, points in curves(rows).items():
            query = urllib.parse.urlencode({"run": name, "tag": tag_of(figure)})
            got = [(step, value) for _, step, value in ask(f"/scalars?{query}")]
            same(figure, got, as_float32(points))
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)
    return f"{len(tags[name])} curves equal"


def mlflow(run, rows, address):
    from mlflow import MlflowClient

    client = MlflowClient(address)
    known = json.load(open(f"{run}/mlflow.json"))
    found = client.get_run(known["runId"])
    same("status", found.info.status, "FINISHED")
    same("runs", len(client.search_runs([found.info.experiment_id])), 1)
    same("experiment", client.get_experiment(found.info.experiment_id).name, "q-insight")
    wanted = curves(rows)
    same("metrics", set(found.data.metrics), set(wanted))
    repeated = 0
    for name, points in wanted.items():
        got = {}
        for point in client.get_metric_history(found.info.run_id, name):
            repeated += point.step in got
            got.setdefault(point.step, point.value)
        timing = re.match(r"(time|memory)/|step_time$|tokens_per_second$", name)
        if timing:  # steps that were done twice took another time: MLflow keeps the first
            same(f"steps of {name}", sorted(got), [step for step, _ in points])
        else:
            same(name, sorted(got.items()), points)
    same("values sent twice", repeated, 0)
    params = found.data.params
    same("parameter", (params["grpo.groupSize"], params["steps"]), ("4", str(len(rows))))
    names = [file.path for file in client.list_artifacts(found.info.run_id)]
    assert {"metrics.jsonl", "rollouts.jsonl", "report.html", "settings.yaml"} <= set(names), names
    for name in names:
        stored = open(client.download_artifacts(found.info.run_id, name), "rb").read()
        assert stored == open(f"{run}/{name}", "rb").read(), name
    return f"{len(wanted)} curves, each step once, {len(params)} parameters, {len(names)} files equal"


def wandb(run, rows):
    """`wandb sync` sends the offline folder to a stand-in of the server, which keeps what comes."""
    (folder,) = glob.glob(f"{run}/wandb/offline-run-*")
    server = wandb_server.serve()
    environment = {"WANDB_BASE_URL": f"http://127.0.0.1:{server.server_address[1]}", "WANDB_API_KEY": "0" * 40}
    command = [sys.executable, "-m", "wandb", "sync", folder]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120)
    same("exit code of wandb sync", (done.returncode, done.stderr[-500:] if done.returncode else ""), (0, ""))
    received = server.received
    history = [line for _, line in sorted(received.lines["wandb-history.jsonl"].items())]
    same("steps", [line["_step"] for line in history], [row["step"] for row in rows])
    for line, row in zip(history, rows):
        same(f"step {row['step']}", {key: line[key] for key in row if key != "step"}, {k: v for k, v in row.items() if k != "step"})
    summary = received.lines["wandb-summary.json"][0]
    same("summary", summary["reward"], rows[-1]["reward"])
    config = json.loads(received.runs[0]["config"])
    same("setting", config["grpo"]["value"]["groupSize"], 4)
    same("project", received.runs[0]["project"], "q-insight")
    same("exit code", received.exit_codes, [0])
    same("report", received.files["report.html"], open(f"{run}/report.html", "rb").read())
    return f"{len(history)} steps of {len(rows[-1]) - 1} figures equal, settings, summary, {len(received.files)} files"
