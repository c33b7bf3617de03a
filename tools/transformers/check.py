"""Loads a checkpoint folder with transformers and compares it with what dump.ts wrote: greedy ids exactly, log-probs
within float32 noise.

    python check.py CHECKPOINT OUT
"""

import json
import sys

import torch
from PIL import Image
from transformers import AutoProcessor, Qwen2_5_VLForConditionalGeneration

checkpoint, out = sys.argv[1:3]
model, report = Qwen2_5_VLForConditionalGeneration.from_pretrained(
    checkpoint, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
)
for key in ("missing_keys", "unexpected_keys", "mismatched_keys"):
    assert not report[key], f"{key}: {report[key]}"
# The PIL backend is the published processor's and ours; the torchvision one rounds resized pixels differently.
processor = AutoProcessor.from_pretrained(checkpoint, use_fast=False)

worst = 0.0
cases = json.load(open(f"{out}/cases.json"))
for case in cases:
    images = [
        Image.open(part["image"]).convert("RGB")
        for message in case["messages"]
        if isinstance(message["content"], list)
        for part in message["content"]
        if part["type"] == "image"
    ]
    text = processor.apply_chat_template(case["messages"], add_generation_prompt=True, tokenize=False)
    inputs = processor(text=[text], images=images, return_tensors="pt")
    completion = torch.tensor([case["completion"]])
    length = inputs["input_ids"].shape[1]
    with torch.no_grad():
        greedy = model.generate(**inputs, max_new_tokens=64, do_sample=False, top_k=None, temperature=None)[0, length:]
        full = dict(inputs)
        full["input_ids"] = torch.cat([inputs["input_ids"], completion], 1)
        full["attention_mask"] = torch.ones_like(full["input_ids"])
        if "mm_token_type_ids" in inputs:
            pad = torch.zeros_like(completion)
            full["mm_token_type_ids"] = torch.cat([inputs["mm_token_type_ids"], pad], 1)
        logits = model(**full).logits[:, length - 1 : -1]
    logps = torch.log_softmax(logits, -1).gather(-1, completion[..., None])[0, :, 0]
    worst = max(worst, (logps - torch.tensor(case["logps"])).abs().max().item())
    assert greedy.tolist() == case["completion"], f"greedy ids differ: {case['text']!r}"

assert worst < 1e-4, f"log-probs differ by {worst}"
print(f"{len(cases)} greedy answers equal, log-probs within {worst:.1e}")
