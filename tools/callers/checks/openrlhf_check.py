"""OpenRLHF: its single-turn executor asks for the reward, over HTTP and through the .py file, and its sample generator
makes an Experience of it. An engine with fixed answers stands in for vLLM: vLLM and the trainer itself need a GPU."""

from __future__ import annotations

import asyncio
import importlib.machinery
import sys
from types import ModuleType, SimpleNamespace

import q_insight_rewards
import torch
from report import ANSWERS, URL, brief, check, check_equal
from tokenizer import byte_tokenizer

# The sample generator imports these names of vLLM; nothing that is run here uses them.
for module, name in (("vllm", "SamplingParams"), ("vllm.inputs", "TokensPrompt"), ("vllm.utils", "random_uuid")):
    sys.modules[module] = ModuleType(module)
    sys.modules[module].__spec__ = importlib.machinery.ModuleSpec(module, None)
    setattr(sys.modules[module], name, None)

from openrlhf.trainer.ppo_utils.samples_generator import SamplesGenerator  # noqa: E402
from openrlhf.utils.agent import SingleTurnAgentExecutor  # noqa: E402

PROMPT = "<|im_start|>user\nRate it<|im_end|>\n<|im_start|>assistant\n"


class Engine:
    """Answers every prompt with the same text."""

    def __init__(self, tokenizer, text: str):
        self.token_ids = tokenizer(text)["input_ids"] + [tokenizer.eos_token_id]

    async def generate(self, *_, **__):
        return SimpleNamespace(outputs=[SimpleNamespace(token_ids=self.token_ids, finish_reason="stop", logprobs=None)])


def experience_of(endpoint: str, text: str, label: str):
    executor = SingleTurnAgentExecutor(endpoint)
    params = SimpleNamespace(max_tokens=256, logprobs=None)
    tokenizer = byte_tokenizer()
    answered = asyncio.run(executor.execute(PROMPT, label, params, 512, tokenizer, Engine(tokenizer, text)))
    return SamplesGenerator._process_response_into_experience(None, answered, max_len=512)


expected = [torch.tensor(total + brief(text)).item() for text, _, total in ANSWERS]
for mode, endpoint in (("HTTP /get_reward", f"{URL}/get_reward"), (".py reward_func", q_insight_rewards.__file__)):
    experiences = [experience_of(endpoint, text, str(label)) for text, label, _ in ANSWERS]
    check_equal(f"{mode}: Experience.rewards", [e.rewards.item() for e in experiences], expected)
    check_equal(f"{mode}: Experience.info has format", [e.info["format"].item() for e in experiences], [1, 1, 0])
    check(f"{mode}: Experience.scores lie in [0, 1]", all(0 <= e.scores.item() <= 1 for e in experiences))
