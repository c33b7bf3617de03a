"""Rewards from a Q-Insight reward server, for trainers in Python. One file, Python 3.9 or newer, nothing to install.

    q-insight serve rewards.yaml            # in a terminal of its own
    export Q_INSIGHT_URL=http://127.0.0.1:8000

TRL         GRPOTrainer(..., reward_funcs=q_insight_rewards.trl_reward)
verl        reward.custom_reward_function.path=q_insight_rewards.py reward.custom_reward_function.name=compute_score
            (compute_score_batch for its batch reward manager)
ms-swift    --external_plugins q_insight_rewards.py --reward_funcs q_insight
EasyR1      worker.reward.reward_function=q_insight_rewards.py:easyr1_score
AReaL       reward_fn="q_insight_rewards.areal_reward"
OpenRLHF    --reward.remote_url q_insight_rewards.py, or the server itself: --reward.remote_url http://127.0.0.1:8000/get_reward
your own    RewardClient().score([{"response": "...", "ground_truth": 3.2}])

Every function takes `url` as a keyword too: by functools.partial, or the trainer's own keyword arguments.
What a sample holds and what comes back: docs/reward-server.md.

Environment: Q_INSIGHT_URL (default http://127.0.0.1:8000) and Q_INSIGHT_TOKEN (default: none).
"""

from __future__ import annotations

import base64
import email.utils
import functools
import hashlib
import http.client
import io
import json
import logging
import math
import os
import random
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit

log = logging.getLogger("q_insight_rewards")

Sample = dict[str, Any]
Result = dict[str, Any]

# Answered later: not in time, too busy, no way through, going down, no way through in time.
RETRIED = frozenset({408, 429, 502, 503, 504})


class RewardServerError(RuntimeError):
    """The server refused, failed, or could not be reached. What it named is in the attributes, else None."""

    def __init__(self, message: str, status: int | None = None, problem: dict[str, Any] | None = None):
        super().__init__(message)
        problem = problem or {}
        self.status = status
        self.code: str | None = problem.get("code")
        self.sample: str | None = problem.get("sample")
        self.field: str | None = problem.get("field")
        self.reward: str | None = problem.get("reward")


class RewardClient:
    """Asks one server. May be shared by threads and by forked processes; each thread keeps a connection open.

    timeout: seconds to wait for a reply. tries: how often a request is sent before it is given up, over about two
    minutes by default: the wait between two tries doubles from `backoff` up to 30 seconds, and is never shorter than the
    server's Retry-After.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        timeout: float = 120.0,
        tries: int = 10,
        backoff: float = 0.5,
    ):
        self.url = (url or os.environ.get("Q_INSIGHT_URL") or "http://127.0.0.1:8000").rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url must be http://host:port or https://host:port, got {self.url!r}")
        if tries < 1:
            raise ValueError(f"tries must be at least 1, got {tries}")
        self.token = token or os.environ.get("Q_INSIGHT_TOKEN")
        self.timeout = timeout
        self.tries = tries
        self.backoff = backoff
        self._local = threading.local()

    def score(self, samples: list[Sample]) -> list[Result]:
        """The result of each sample, in the same order: {"id", "score", "components"}.

        Raises RewardServerError when the server refuses, cannot be reached, or gives not one result a sample.
        """
        if not samples:
            return []
        samples = [{"id": str(i), **sample} for i, sample in enumerate(samples)]
        reply = self.post("/v1/score", {"samples": samples})
        results = reply.get("results") if isinstance(reply, dict) else None
        if not isinstance(results, list) or [_id_of(r) for r in results] != [s["id"] for s in samples]:
            raise RewardServerError(
                f"{self.url}/v1/score: asked for {len(samples)} samples, the reply does not fit them"
            )
        for result in results:
            if not (result.get("score") is None or _is_number(result["score"])):
                raise RewardServerError(
                    f"{self.url}/v1/score: the score of sample {result['id']!r} is {result.get('score')!r}"
                )
        for issue in reply.get("errors") or []:
            log.warning("%s (%s)", issue.get("message"), issue.get("kind"))
        return results

    def post(self, path: str, body: Any) -> Any:
        """The JSON reply to a JSON body."""
        content = json.dumps(body, allow_nan=False).encode()
        for attempt in range(1, self.tries + 1):
            pause = min(30.0, self.backoff * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0)
            try:
                status, headers, reply = self._send(path, content)
            except (OSError, http.client.HTTPException) as error:
                failure = f"{type(error).__name__}: {error}"
            else:
                if status == 200:
                    return self._parsed(path, reply)
                refusal = self._refusal(path, status, reply)
                if status not in RETRIED:
                    raise refusal
                failure = str(refusal)
                pause = max(pause, _retry_after(headers.get("Retry-After")))
            if attempt < self.tries:
                log.warning(
                    "%s%s: try %d of %d failed, next in %.1f s: %s", self.url, path, attempt, self.tries, pause, failure
                )
                time.sleep(pause)
        raise RewardServerError(f"{self.url}{path}: no answer in {self.tries} tries; the last: {failure}")

    def _send(self, path: str, content: bytes) -> tuple[int, Any, bytes]:
        """One exchange. A connection that was kept may have been closed meanwhile, so it gets a second one at once."""
        if self._connection() is not None:
            try:
                return self._exchange(path, content)
            except ConnectionError:
                pass
        self._connect()
        return self._exchange(path, content)

    def _exchange(self, path: str, content: bytes) -> tuple[int, Any, bytes]:
        connection = self._connection()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request("POST", urlsplit(self.url).path + path, content, headers)
            response = connection.getresponse()
            reply = response.read()
        except BaseException:  # half an exchange cannot be gone on with, not even after Ctrl-C
            connection.close()
            self._local.kept = None
            raise
        if response.will_close:
            self._local.kept = None
        return response.status, response.headers, reply

    def _connection(self) -> Any:
        """The connection of this thread; a child process must not share its parent's."""
        kept = getattr(self._local, "kept", None)
        return kept[1] if kept is not None and kept[0] == os.getpid() else None

    def _connect(self) -> None:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._local.kept = (os.getpid(), kind(str(parts.hostname), parts.port, timeout=self.timeout))

    def _parsed(self, path: str, reply: bytes) -> Any:
        try:
            return json.loads(reply)
        except ValueError as error:
            raise RewardServerError(f"{self.url}{path}: the reply is no JSON: {reply[:80]!r}") from error

    def _refusal(self, path: str, status: int, reply: bytes) -> RewardServerError:
        try:
            problem = json.loads(reply)["error"]
            message = f"{problem['code']}: {problem['message']}"
        except (ValueError, KeyError, TypeError):
            problem, message = None, reply[:200].decode("utf-8", "replace")
        return RewardServerError(f"{self.url}{path}: {status} {message}", status, problem)


def trl_reward(
    prompts: list[Any],
    completions: list[Any],
    completion_ids: list[list[int]] | None = None,
    url: str | None = None,
    send_images: bool = False,
    **columns: Any,
) -> list[float | None]:
    """TRL. The dataset's columns go along: `ground_truth` or `solution` is the label, or the server finds it in the others.

    The mean of each component is logged as reward/<component>. None is a sample that no reward applies to.
    """
    samples = _samples(prompts, completions, columns, send_images, completion_ids)
    results = _client(url).score(samples)
    log_metric = columns.get("log_metric")
    if callable(log_metric):
        for name, mean in _component_means(results).items():
            log_metric(f"reward/{name}", mean)
    return [result["score"] for result in results]


def compute_score(
    data_source: Any,
    solution_str: str,
    ground_truth: Any,
    extra_info: dict[str, Any] | None = None,
    url: str | None = None,
    floor: float = 0.0,
    **_: Any,
) -> dict[str, Any]:
    """verl, one sample: {"score", "<component>_reward", ...}. `floor` stands for a sample that no reward applies to."""
    return compute_score_batch([data_source], [solution_str], [ground_truth], [extra_info], url, floor)[0]


def compute_score_batch(
    data_sources: Any,
    solution_strs: Any,
    ground_truths: Any,
    extra_infos: Any = None,
    url: str | None = None,
    floor: float = 0.0,
    **_: Any,
) -> list[dict[str, Any]]:
    """verl, a batch. Completions are of one group when label and extra_info, with an `index` in it, are the same."""
    infos = [dict(info or {}) for info in ([None] * len(solution_strs) if extra_infos is None else extra_infos)]
    for info in infos:
        for of_the_rollout in ("num_turns", "rollout_reward_scores"):
            info.pop(of_the_rollout, None)
    columns = {**_columns_of(infos), "data_source": data_sources, "ground_truth": ground_truths}
    results = _client(url).score(_samples(None, solution_strs, columns, False))
    return [_flat(result, "score", floor) for result in results]


def easyr1_score(
    reward_inputs: Any, url: str | None = None, floor: float = 0.0, **_: Any
) -> dict[str, float] | list[dict[str, float]]:
    """EasyR1, one sample or a batch: {"overall", "<component>_reward", ...} without the components that do not apply."""
    batch = [reward_inputs] if isinstance(reward_inputs, dict) else reward_inputs
    columns = {"ground_truth": [item.get("ground_truth") for item in batch]}
    results = _client(url).score(_samples(None, [item["response"] for item in batch], columns, False))
    rows = [_flat(result, "overall", floor) for result in results]
    known = [{key: value for key, value in row.items() if value is not None} for row in rows]
    return known[0] if isinstance(reward_inputs, dict) else known


def areal_reward(
    prompt: Any,
    completions: str,
    prompt_ids: list[int] | None = None,
    completion_ids: list[int] | None = None,
    url: str | None = None,
    send_images: bool = False,
    floor: float = 0.0,
    **columns: Any,
) -> float:
    """AReaL, one sample. Its own limit is 15 seconds, after which it takes 0 for the reward."""
    ids = None if completion_ids is None else [completion_ids]
    samples = _samples([prompt], [completions], {key: [value] for key, value in columns.items()}, send_images, ids)
    score = _client(url).score(samples)[0]["score"]
    return floor if score is None else score


def reward_func(queries: list[str], prompts: list[str], labels: list[Any], url: str | None = None) -> dict[str, Any]:
    """OpenRLHF's .py mode: what the server's /get_reward answers, {"rewards", "scores", "extra_logs"}."""
    return _client(url).post("/get_reward", {"query": list(queries), "prompts": list(prompts), "labels": list(labels)})


class SwiftReward:
    """ms-swift, registered as `q_insight` when ms-swift loads this file as a plugin."""

    def __init__(self, args: Any = None, url: str | None = None, send_images: bool = False, **_: Any):
        self.args = args
        self.url = url
        self.send_images = send_images

    def __call__(self, completions: list[Any], **columns: Any) -> list[float | None]:
        conversations = columns.pop("messages", None)
        prompts = None if conversations is None else [_asked(messages) for messages in conversations]
        return [r["score"] for r in _client(self.url).score(_samples(prompts, completions, columns, self.send_images))]


if "swift" in sys.modules:
    from swift.rewards import orms

    orms["q_insight"] = SwiftReward

REWARD_NAME = "q_insight"  # EasyR1 reads these two
REWARD_TYPE = "batch"


@functools.cache
def _client(url: str | None) -> RewardClient:
    return RewardClient(url)


def _samples(
    prompts: list[Any] | None,
    completions: list[Any],
    columns: dict[str, Any],
    send_images: bool,
    completion_ids: list[list[int]] | None = None,
) -> list[Sample]:
    """One sample a completion. A column is a list with a value for each; what is no list is no column of the dataset."""
    count = len(completions)
    columns = {key: list(value) for key, value in columns.items() if _is_list(value)}
    for name, values in {**columns, "prompts": prompts, "completion_ids": completion_ids}.items():
        if values is not None and len(values) != count:
            raise ValueError(f"column {name!r} has {len(values)} values for {count} completions")
    samples: list[Sample] = []
    for i in range(count):
        row = {key: values[i] for key, values in columns.items()}
        prompt = None if prompts is None else prompts[i]
        images = _images_of(row)
        sample: Sample = {"response": _messages(completions[i], False), "prompt": _messages(prompt, send_images)}
        truth = next((key for key in ("ground_truth", "solution") if row.get(key) is not None), None)
        if truth is not None:
            sample["ground_truth"] = _plain(row.pop(truth))
        if row.get("group") is not None:
            sample["group"] = str(row.pop("group"))
        sample["extra"] = _extra(row)
        sample["images"] = [_image(image) for image in images] if send_images and images else None
        sample["completion_ids"] = None if completion_ids is None else [int(token) for token in completion_ids[i]]
        if "group" not in sample and (prompt is not None or "index" in sample["extra"]):
            sample["group"] = _group_of(sample, images)
        samples.append(sample)
    return samples


def _group_of(sample: Sample, images: list[Any]) -> str:
    """The same for all completions of one row: they share prompt, label, columns and images."""
    row = [sample["prompt"], sample.get("ground_truth"), sample["extra"], [_fingerprint(image) for image in images]]
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:24]


def _fingerprint(image: Any) -> str:
    content = image.tobytes() if hasattr(image, "tobytes") else repr(image).encode()
    return hashlib.sha256(content).hexdigest()


def _images_of(row: dict[str, Any]) -> list[Any]:
    """Takes the image columns out of the row."""
    found: list[Any] = []
    for key in ("image", "images"):
        value = row.pop(key, None)
        found.extend(value if isinstance(value, (list, tuple)) else [] if value is None else [value])
    return found


def _image(image: Any) -> str:
    """A path or address as it is; a PIL image, bytes, or {"bytes", "path"} as a data URL."""
    if isinstance(image, str):
        return image
    if isinstance(image, dict):
        inner = image.get("bytes") or image.get("path") or image.get("url")
        if inner is not None:
            return _image(inner)
    if hasattr(image, "save"):
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        image = buffer.getvalue()
    if not isinstance(image, (bytes, bytearray)):
        raise TypeError(f"an image must be a path, a data URL, bytes or a PIL image, got {type(image).__name__}")
    kinds = {b"\xff\xd8\xff": "jpeg", b"RIFF": "webp", b"GIF8": "gif", b"BM": "bmp"}
    kind = next((name for start, name in kinds.items() if image.startswith(start)), "png")
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"


def _messages(value: Any, send_images: bool) -> Any:
    """A text, or messages of role and content; images only when they are sent."""
    if value is None or isinstance(value, str):
        return value
    return [{"role": m["role"], "content": _content(m.get("content"), send_images)} for m in value]


def _content(content: Any, send_images: bool) -> Any:
    if content is None or isinstance(content, str):
        return content
    parts = []
    for part in content:
        if isinstance(part.get("text"), str):
            parts.append({"type": "text", "text": part["text"]})
            continue
        image = next((part[key] for key in ("image", "image_url", "url", "path") if part.get(key) is not None), None)
        if send_images and image is not None:
            parts.append({"type": "image", "image": _image(image)})
    return parts


def _asked(messages: list[Any]) -> list[Any]:
    """A conversation without the answer at its end."""
    return messages[:-1] if messages and messages[-1].get("role") == "assistant" else messages


class _Unsendable(TypeError):
    pass


def _extra(row: dict[str, Any]) -> dict[str, Any]:
    """The columns that can be written as JSON."""
    extra = {}
    for key, value in row.items():
        try:
            extra[key] = _plain(value)
        except _Unsendable as error:
            _say_once(f"column {key!r} is not sent: {error}")
    return extra


def _plain(value: Any) -> Any:
    """As JSON has it. Values of NumPy and torch become Python's; NaN and infinities become null."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist") and not hasattr(value, "save"):
        return _plain(value.tolist())
    raise _Unsendable(f"{type(value).__name__} cannot be written as JSON")


@functools.lru_cache(maxsize=256)
def _say_once(message: str) -> None:
    log.info(message)


def _columns_of(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Rows turned to columns; None where a row lacks one."""
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: [row.get(key) for row in rows] for key in keys}


def _flat(result: Result, total: str, floor: float) -> dict[str, Any]:
    score = result["score"]
    return {
        total: floor if score is None else score,
        **{f"{name}_reward": value for name, value in result["components"].items()},
    }


def _component_means(results: list[Result]) -> dict[str, float]:
    names = dict.fromkeys(name for result in results for name in result["components"])
    values = {name: [r["components"].get(name) for r in results] for name in names}
    known = {name: [value for value in column if value is not None] for name, column in values.items()}
    return {name: sum(column) / len(column) for name, column in known.items() if column}


def _retry_after(header: str | None) -> float:
    """Seconds to wait, of a header that gives seconds or a date; 0 of any other."""
    if header is None:
        return 0.0
    if header.strip().isdigit():
        return float(header)
    try:
        return email.utils.parsedate_to_datetime(header).timestamp() - time.time()
    except (TypeError, ValueError):
        return 0.0


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0)


def _id_of(result: Any) -> Any:
    return result.get("id") if isinstance(result, dict) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
