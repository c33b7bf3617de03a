"""The timed side of TRL: trl_side.py CHECKPOINT STEPS [THREADS]. Prints one JSON line.

The same model, prompts' shape, rewards and settings as ours.ts, with TRL's GRPOTrainer; each part is timed by wrapping the
method that does it.
"""

import json
import os
import resource
import statistics
import sys
import time

checkpoint, steps = sys.argv[1], int(sys.argv[2])
threads = int(sys.argv[3]) if len(sys.argv) > 3 else 2
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", str(threads))

import numpy as np
import peft
import torch
import transformers
import trl
from datasets import Dataset
from PIL import Image

torch.set_num_threads(threads)
WARM_UP = 3
GROUP, PROMPTS, TOKENS, BETA = 8, 2, 48, 0.001


def picture(seed):
    i = np.arange(112 * 112 * 3)
    return Image.fromarray(((i * 7 + seed * 31 + (i // 336) * 3) % 256).astype(np.uint8).reshape(112, 112, 3))


def reward(completions, **_):
    texts = [c[0]["content"] if isinstance(c, list) else c for c in completions]
    return [sum(x.isdigit() for x in t) / max(1, len(t)) + (0.5 if len(t) > 60 else 0) for t in texts]


text = "Rate the quality of this picture from 1 to 5, and say what you see in it."
rows = [
    {"prompt": [{"role": "user", "content": text}], "image": picture(i)} for i in range((steps + WARM_UP) * PROMPTS)
]
processor = transformers.AutoProcessor.from_pretrained(checkpoint)
model = transformers.Qwen2_5_VLForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32)
config = trl.GRPOConfig(
    output_dir="/dev/shm/trl-bench",
    per_device_train_batch_size=GROUP * PROMPTS,
    num_generations=GROUP,
    max_completion_length=TOKENS,
    beta=BETA,
    learning_rate=1e-5,
    max_grad_norm=1.0,
    temperature=1.0,
    max_steps=steps + WARM_UP,
    logging_steps=10**6,
    save_strategy="no",
    report_to=[],
    use_cpu=True,
    bf16=False,
    gradient_checkpointing=False,
    dataloader_num_workers=0,
    shuffle_dataset=False,
    disable_tqdm=True,
)
targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
lora = peft.LoraConfig(
    r=8, lora_alpha=16, target_modules=r".*language_model.*\.(" + "|".join(targets) + ")", task_type="CAUSAL_LM"
)
trainer = trl.GRPOTrainer(
    model=model,
    processing_class=processor,
    reward_funcs=reward,
    args=config,
    train_dataset=Dataset.from_list(rows),
    peft_config=lora,
)

now = {}
records = []
tokens = []


def timed(owner, name, part):
    inner = getattr(owner, name)

    def run(*args, **kwargs):
        start = time.perf_counter()
        try:
            return inner(*args, **kwargs)
        finally:
            now[part] = now.get(part, 0) + time.perf_counter() - start

    setattr(owner, name, run)


timed(trainer, "_generate_single_turn", "generation")
timed(trainer, "compute_loss", "forward")
timed(trainer.accelerator, "backward", "backward")
in_loss = {"depth": 0}
inner_logps = trainer._get_per_token_logps_and_entropies
inner_generate = trainer._generate_and_score_completions


def logps(*args, **kwargs):
    start = time.perf_counter()
    try:
        return inner_logps(*args, **kwargs)
    finally:
        if in_loss["depth"]:
            now["reference"] = now.get("reference", 0) + time.perf_counter() - start


def generate(*args, **kwargs):
    in_loss["depth"] = 1
    try:
        result = inner_generate(*args, **kwargs)
        tokens.append(int(result["completion_mask"].sum()))
        return result
    finally:
        in_loss["depth"] = 0


trainer._get_per_token_logps_and_entropies = logps
trainer._generate_and_score_completions = generate


class Clock(transformers.TrainerCallback):
    def on_step_begin(self, *_, **__):
        now.clear()
        self.start = time.perf_counter()

    def on_pre_optimizer_step(self, *_, **__):
        self.optimizer = time.perf_counter()

    def on_optimizer_step(self, *_, **__):
        now["optimizer"] = time.perf_counter() - self.optimizer

    def on_step_end(self, *_, **__):
        records.append({**now, "step": time.perf_counter() - self.start})


trainer.add_callback(Clock())
trainer.train()
records = records[WARM_UP:]
median = lambda key: round(1000 * statistics.median(record.get(key, 0) for record in records), 1)
print(
    json.dumps(
        {
            "system": f"TRL {trl.__version__}, torch {torch.__version__}",
            "step": median("step"),
            "generation": median("generation"),
            "reference": median("reference"),
            "forward": median("forward"),
            "backward": median("backward"),
            "optimizer": median("optimizer"),
            "peakMB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
            "tokensPerStep": round(statistics.mean(tokens)),
        }
    )
)
