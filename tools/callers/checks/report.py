"""What the checks share: how they report, and the server's answer to a completion alone, past the client under test."""

from __future__ import annotations

import json
import math
import os
import urllib.request

URL = os.environ["Q_INSIGHT_URL"]

# Answers, their labels, and what the served rewards but `brief` give in all: format, and score within 0.35.
ANSWERS = [
    ('<think>Some grain.</think><answer>{"rating": 3.4}</answer>', 3.2, 2),
    ('<think>Sharp.</think><answer>{"rating": 4.9}</answer>', 3.2, 1),
    ("3.2, I think", 3.2, 0),
]


def brief(text: str) -> float:
    return 0.5 / (1 + len(text) / 10)


def check(what: str, ok: object, detail: str = "") -> None:
    print("CHECK " + json.dumps({"what": what, "ok": bool(ok), "detail": detail}), flush=True)


def check_equal(what: str, got: list[float], expected: list[float], tolerance: float = 0.0) -> None:
    """The values one by one; two of them at least must differ, or a mix-up would not show."""
    same = len(got) == len(expected) and all(
        math.isclose(a, b, rel_tol=tolerance, abs_tol=0) for a, b in zip(got, expected)
    )
    shown = ", ".join(f"{value:.4f}" for value in got[:4]) + (", …" if len(got) > 4 else "")
    differs = len(set(expected)) > 1
    detail = shown if same and differs else f"{shown}; expected {expected[:4]}{'' if differs else ', all the same'}"
    check(what, same and differs, detail)


def server_score(response: str, ground_truth: object) -> float:
    """What the server gives this completion."""
    body = json.dumps({"response": response, "ground_truth": ground_truth}).encode()
    request = urllib.request.Request(f"{URL}/v1/score", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)["score"]
