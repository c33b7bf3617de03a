"""verifiers: rollouts of its own nemo_gym taskset by vf-eval, scored by the server through NeMo-Gym's protocol. An
endpoint on this machine with fixed answers stands in for the model."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from report import ANSWERS, URL, brief, check, check_equal

REQUEST = "Rate image {}"


class Model(BaseHTTPRequestHandler):
    """Streams the answer to the image that is asked for."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer = next(text for i, (text, _, _) in enumerate(ANSWERS) if REQUEST.format(i) in asked)
        start = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "tiny"}
        message = {"role": "assistant", "content": answer}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        chunks = [
            {**start, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
            {**start, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {**start, "choices": [], "usage": usage},
        ]
        data = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_) -> None:
        pass


model = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory() as folder:
    dataset = Path(folder, "rows.jsonl")
    with dataset.open("w") as lines:
        for i, (_, label, _) in enumerate(ANSWERS):
            content = [{"type": "input_text", "text": REQUEST.format(i)}]
            lines.write(
                json.dumps({"responses_create_params": {"input": [{"role": "user", "content": content}]}, "mos": label})
                + "\n"
            )
    config = Path(folder, "eval.toml")
    config.write_text(f"""
model = "tiny"
push = false
output_dir = "{folder}/out"
[client]
base_url = "http://127.0.0.1:{model.server_address[1]}/v1"
api_key_var = "NO_KEY"
[env.taskset]
id = "nemo_gym"
dataset = "{dataset}"
[env.taskset.task]
resources_url = "{URL}"
[env.agent]
harness = {{ id = "null" }}
runtime = {{ type = "subprocess" }}
""")
    run = subprocess.run(
        ["vf-eval", "@", str(config)], env={**os.environ, "NO_KEY": "none"}, capture_output=True, text=True
    )
    found = sorted(Path(folder, "out").glob("*/traces.jsonl"))
    traces = [json.loads(line) for line in found[0].read_text().splitlines()] if found else []

if len(traces) != len(ANSWERS):
    print(run.stdout[-3000:], run.stderr[-3000:])
check("vf-eval rolled out each task of the nemo_gym taskset", len(traces) == len(ANSWERS), f"{len(traces)} traces")

rollouts = [episode["traces"][0] for episode in sorted(traces, key=lambda episode: episode["task"]["data"]["idx"])]
rewards = [rollout["rewards"]["nemo_gym"]["score"] for rollout in rollouts]
check_equal("the reward of each trace", rewards, [total + brief(text) for text, _, total in ANSWERS], 1e-12)
formats = [rollout["info"]["nemo_gym"]["reward_components"]["format"] for rollout in rollouts]
check_equal("the components of each trace: format", formats, [1, 1, 0])
