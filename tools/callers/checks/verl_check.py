"""verl: its loader of custom reward functions, and its reward managers on a batch. A step of its trainer needs GPUs."""

from __future__ import annotations

import asyncio

import numpy as np
import q_insight_rewards
import torch
from omegaconf import OmegaConf
from report import ANSWERS, URL, brief, check, check_equal, server_score
from tensordict import TensorDict
from tokenizer import byte_tokenizer
from verl import DataProto
from verl.trainer.ppo.reward import get_custom_reward_fn, load_reward_manager
from verl.workers.reward_manager.batch import BatchRewardManager


def config_of(function: str):
    custom = {"path": q_insight_rewards.__file__, "name": function, "reward_kwargs": {"url": URL}}
    return OmegaConf.create(
        {"reward": {"custom_reward_function": custom, "reward_manager": {"source": "register", "name": "naive"}}}
    )


def batch_of(tokenizer) -> DataProto:
    """The answers with a prompt in front, padded on the right as verl has them."""
    responses = [tokenizer(text)["input_ids"] + [tokenizer.eos_token_id] for text, _, _ in ANSWERS]
    width = max(map(len, responses))
    padded = torch.tensor([ids + [tokenizer.pad_token_id] * (width - len(ids)) for ids in responses])
    masks = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids in responses])
    prompts = torch.tensor([tokenizer("Rate it: ")["input_ids"]] * len(ANSWERS))
    batch = {
        "prompts": prompts,
        "responses": padded,
        "input_ids": torch.cat([prompts, padded], 1),
        "attention_mask": torch.cat([torch.ones_like(prompts), masks], 1),
    }
    columns = {
        "data_source": ["iqa"] * len(ANSWERS),
        "reward_model": [{"ground_truth": str(label)} for _, label, _ in ANSWERS],
        "extra_info": [{"index": i} for i in range(len(ANSWERS))],
    }
    arrays = {name: np.array(values, dtype=object) for name, values in columns.items()}
    return DataProto(batch=TensorDict(batch, batch_size=len(ANSWERS)), non_tensor_batch=arrays)


async def one_by_one(config, tokenizer) -> list[dict]:
    manager = load_reward_manager(config, tokenizer)
    data = batch_of(tokenizer)
    return [await manager.run_single(data[i : i + 1]) for i in range(len(data))]


tokenizer = byte_tokenizer()
expected = [total + brief(text) for text, _, total in ANSWERS]
check_equal(
    "the server's scores are those worked out by hand",
    [server_score(t, label) for t, label, _ in ANSWERS],
    expected,
    1e-12,
)

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
results = loop.run_until_complete(one_by_one(config_of("compute_score"), tokenizer))
check_equal(
    "load_reward_manager, NaiveRewardManager.run_single: reward_score",
    [r["reward_score"] for r in results],
    expected,
    1e-12,
)
infos = [r["reward_extra_info"] for r in results]
check_equal("reward_extra_info: format_reward", [info["format_reward"] for info in infos], [1, 1, 0])
check(
    "reward_extra_info has the same keys for every sample",
    len({tuple(info) for info in infos}) == 1,
    ", ".join(infos[0]),
)

score = get_custom_reward_fn(config_of("compute_score_batch"))
tensor = BatchRewardManager(tokenizer, 0, score)(batch_of(tokenizer))
at_the_end = [row[row.nonzero()[-1]].item() for row in tensor]
check_equal(
    "get_custom_reward_fn, BatchRewardManager: reward at the last token",
    at_the_end,
    [float(np.float32(v)) for v in expected],
)
