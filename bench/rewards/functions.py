"""The Python side of functions.ts: reads texts and labels, measures each reward function, prints one JSON line each.

TRL's functions are those of the installed package. Q-Insight's training code is on no package index, so its two reward
functions are written anew here from their formulas (bytedance/Q-Insight at 08308fd), over the same `re` and `float`,
and held against recorded outputs of the real ones before anything is measured.
"""

from __future__ import annotations

import json
import re
import sys
import time

from trl.rewards import (
    accuracy_reward,
    get_repetition_penalty_reward,
    get_soft_overlong_punishment,
    think_format_reward,
)

FLAGS = re.DOTALL | re.MULTILINE
FRAME = r"<think>\s*\n.*?\n\s*</think>\s*\n<answer>\s*\n{}\s*\n\s*</answer>\s*$"
JSON_FORMAT = FRAME.format(r"\{[^{}]*\}")
TEXT_FORMAT = FRAME.format(r".*?")
THRESHOLD = 0.35


def qinsight_format(completions, task, **_):
    patterns = [TEXT_FORMAT if name == "comparison" else JSON_FORMAT for name in task]
    contents = [completion[0]["content"] for completion in completions]
    return [1.0 if re.fullmatch(p, text, FLAGS) else 0.0 for p, text in zip(patterns, contents)]


def qinsight_accuracy(completions, task, truth, **_):
    rewards = []
    for completion, name, label in zip(completions, task, truth):
        reward = 0.0
        answer = re.search(r"<answer>(.*?)</answer>", completion[0]["content"], re.DOTALL)
        if answer:
            try:
                reward = ACCURACY[name](answer.group(1), label)
            except ValueError:
                pass
        rewards.append(reward)
    return rewards


def score_accuracy(answer, label):
    rating = re.search(r'"rating"\s*:\s*([\d.]+)', answer)
    return 1.0 if rating and abs(float(rating.group(1)) - label) < THRESHOLD else 0.0


def degradation_accuracy(answer, label):
    found = re.search(r'"distortion_class"\s*:\s*"([^"]+)".*?"severity"\s*:\s*"([^"]+)"', answer, re.DOTALL)
    if not found or found.group(1).strip() != label["distortion_class"]:
        return 0.0
    return 1.0 if found.group(2).strip() == label["severity"] else 0.25


def comparison_accuracy(answer, label):
    return 1.0 if answer.strip() == label else 0.0


ACCURACY = {"score": score_accuracy, "degradation": degradation_accuracy, "comparison": comparison_accuracy}


def check_against_recorded(path):
    """Every recorded output of the real functions, so that what is measured does what they do."""
    for case in json.load(open(path))["cases"]:
        chat = [[{"content": case["text"]}]]
        said = {
            "qi_format": qinsight_format(chat, ["score"])[0],
            "qi_cmp_format": qinsight_format(chat, ["comparison"])[0],
            "score": qinsight_accuracy(chat, ["score"], [case["score"]["gt"]])[0],
            "dist": qinsight_accuracy(chat, ["degradation"], [case["dist"]["gt"]])[0],
            "cmp": qinsight_accuracy(chat, ["comparison"], [case["cmp"]["gt"]])[0],
        }
        real = {key: case[key]["reward"] if isinstance(case[key], dict) else case[key] for key in said}
        assert said == real, f"{case['text'][:80]!r}: {said}, recorded {real}"


def measure(function, arguments, seconds):
    """The rewards, and the seconds of the fastest call."""
    best, rewards, end = float("inf"), None, time.perf_counter() + seconds
    while rewards is None or time.perf_counter() < end:
        began = time.perf_counter()
        rewards = function(**arguments)
        best = min(best, time.perf_counter() - began)
    return rewards, best


def main(texts, recorded, seconds):
    check_against_recorded(recorded)
    data = json.load(open(texts))
    iqa, maths = (
        {**part, "completions": [[{"content": text}] for text in part.pop("texts")]}
        for part in (data["iqa"], data["maths"])
    )
    functions = {
        "qInsight format": (qinsight_format, iqa),
        "qInsight accuracy": (qinsight_accuracy, iqa),
        "think_format_reward": (think_format_reward, iqa),
        "soft_overlong_punishment": (get_soft_overlong_punishment(256, 64), iqa),
        "repetition_penalty": (get_repetition_penalty_reward(3, -1.0), iqa),
        "accuracy_reward": (accuracy_reward, maths),
    }
    for name, (function, arguments) in functions.items():
        rewards, best = measure(function, arguments, seconds)
        print(json.dumps({"name": name, "seconds": best, "rewards": rewards}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
