"""TRL: two steps of GRPOTrainer on CPU, a tiny random Qwen2, rewards from the server."""

from __future__ import annotations

import tempfile

import numpy as np
import torch
from datasets import Dataset
from q_insight_rewards import trl_reward
from report import check, check_equal, server_score
from tokenizer import byte_tokenizer
from transformers import Qwen2Config, Qwen2ForCausalLM
from trl import GRPOConfig, GRPOTrainer

STEPS = 2


class Recorder(GRPOTrainer):
    """Keeps what each step rewarded, with what."""

    def __init__(self, *args, **kwargs):
        self.steps = []
        super().__init__(*args, **kwargs)

    def _calculate_rewards(self, inputs, prompts, completions, completion_ids_list):
        rewards = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
        texts = [completion[0]["content"] for completion in completions]
        self.steps.append((texts, [row["mos"] for row in inputs], rewards[:, 0].tolist()))
        return rewards


torch.manual_seed(0)
tokenizer = byte_tokenizer()
sizes = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
model = Qwen2ForCausalLM(Qwen2Config(vocab_size=len(tokenizer), eos_token_id=tokenizer.eos_token_id, **sizes))
before = {name: value.clone() for name, value in model.state_dict().items()}
rows = [
    {"prompt": [{"role": "user", "content": f"Rate image {i}"}], "mos": 1.0 + i, "image_path": f"{i}.png"}
    for i in range(4)
]
with tempfile.TemporaryDirectory() as folder:
    config = GRPOConfig(
        output_dir=folder,
        max_steps=STEPS,
        per_device_train_batch_size=8,
        num_generations=4,
        max_completion_length=12,
        learning_rate=1e-2,
        logging_steps=1,
        use_cpu=True,
        bf16=False,
        report_to="none",
        save_strategy="no",
        seed=0,
    )
    trainer = Recorder(model, trl_reward, config, Dataset.from_list(rows), processing_class=tokenizer)
    trainer.train()

check(
    f"GRPOTrainer made {STEPS} steps with trl_reward",
    len(trainer.steps) == STEPS,
    f"{sum(len(s[0]) for s in trainer.steps)} completions",
)
logs = [entry for entry in trainer.state.log_history if "reward" in entry]
for number, (texts, labels, rewards) in enumerate(trainer.steps):
    expected = [float(np.float32(server_score(text, mos))) for text, mos in zip(texts, labels)]
    check_equal(f"step {number + 1}: the trainer's rewards are the server's for each completion", rewards, expected)
    check_equal(
        f"step {number + 1}: logged reward, trl_reward/mean and reward/brief",
        [logs[number]["reward"], logs[number]["rewards/trl_reward/mean"], logs[number]["reward/brief"]],
        [np.mean(expected), np.mean(expected), np.mean([2 * value for value in expected])],
        tolerance=1e-6,  # float32 means
    )
changed = sum(not torch.equal(before[name], value) for name, value in model.state_dict().items())
check("the rewards moved the model", changed == len(before), f"{changed} of {len(before)} tensors changed")
