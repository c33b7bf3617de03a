"""ms-swift: loads the client as a plugin, and its reward step calls it on samples. No run of its trainer is made."""

from __future__ import annotations

import numpy as np
import q_insight_rewards
import torch
from report import ANSWERS, brief, check, check_equal
from swift.rewards import orms
from swift.rl_core.data import GRPOSample
from swift.rl_core.grpo_algorithm import compute_rewards_per_func
from swift.rlhf_trainers.utils import resolve_reward_funcs
from swift.utils import import_external_file

import_external_file(q_insight_rewards.__file__)
check("the plugin registers q_insight", "q_insight" in orms)
functions, _ = resolve_reward_funcs(["q_insight"])
asked = {"role": "user", "content": "Rate it"}
samples = [
    GRPOSample(
        messages=[asked, {"role": "assistant", "content": text}], extra={"solution": str(label)}, prompt_id=str(i)
    )
    for i, (text, label, _) in enumerate(ANSWERS)
]
rewards = compute_rewards_per_func(samples, functions, [None], torch.device("cpu"))
expected = [float(np.float32(total + brief(text))) for text, _, total in ANSWERS]
check_equal("compute_rewards_per_func: rewards", rewards[:, 0].tolist(), expected)
