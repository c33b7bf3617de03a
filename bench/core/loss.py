"""The losses of bench/core/loss.ts in PyTorch eager with autograd, and in TRL's own `_compute_loss`: two threads, the same numbers.

Prints one JSON line a measurement; bench/core/run.sh installs what this needs and puts it beside core's.
"""

import json
import sys
import time
from collections import defaultdict
from types import SimpleNamespace

import torch
from trl import GRPOTrainer

torch.set_num_threads(2)


def batch(rows, columns, dtype):
    k = torch.arange(rows * columns, dtype=torch.float64).reshape(rows, columns)
    row = torch.arange(rows, dtype=torch.float64)
    logps = -1 - torch.sin(k) ** 2
    length = columns * (0.5 + 0.5 * torch.sin(row) ** 2)
    return {
        "logps": logps.to(dtype),
        "old": (logps + 0.1 * torch.sin(7 * k)).to(dtype),
        "ref": (logps + 0.1 * torch.sin(11 * k)).to(dtype),
        "mask": (torch.arange(columns) < length[:, None]).to(dtype),
        "advantages": torch.sin(3 * row + 1).to(dtype),
    }


def clip(ratio, advantages, low, high):
    return -torch.min(ratio * advantages, torch.clamp(ratio, 1 - low, 1 + high) * advantages)


def eager(name, x, logps):
    """The loss alone, as one would write it: no metrics, no checks."""
    delta = logps - x["old"]
    mask, advantages = x["mask"], x["advantages"][:, None]
    if name == "gspo":
        delta = ((delta * mask).sum(-1) / mask.sum(-1).clamp(min=1))[:, None]
        return (clip(torch.exp(delta), advantages, 3e-4, 4e-4) * mask).sum() / mask.sum()
    ratio = torch.exp(delta)
    if name == "ppo-clip":
        return (clip(ratio, advantages, 0.2, 0.2) * mask).sum() / mask.sum()
    if name == "grpo with kl":
        d = x["ref"] - logps
        token = clip(ratio, advantages, 0.2, 0.2) + 0.04 * (torch.exp(d) - d - 1)
        return ((token * mask).sum(-1) / mask.sum(-1).clamp(min=1)).mean()
    if name == "cispo":
        return (-torch.clamp(ratio, max=5).detach() * advantages * logps * mask).sum() / mask.sum()
    tau = torch.where(advantages > 0, 1.0, 1.05)
    return (-torch.sigmoid(tau * (ratio - 1)) * 4 / tau * advantages * mask).sum() / mask.sum()


TRL = {
    "ppo-clip": {"loss_type": "bnpo"},
    "grpo with kl": {"loss_type": "grpo", "beta": 0.04},
    "gspo": {"loss_type": "bnpo", "importance_sampling_level": "sequence", "epsilon_low": 3e-4, "epsilon_high": 4e-4},
    "cispo": {"loss_type": "cispo", "epsilon_high": 5.0},
    "sapo": {"loss_type": "sapo"},
}


def trl_trainer(logps, options):
    """What `_compute_loss` reads of its trainer; the model's forward pass is replaced by given log-probabilities."""
    defaults = {
        "loss_type": "bnpo", "importance_sampling_level": "token", "epsilon_low": 0.2, "epsilon_high": 0.2, "beta": 0.0,
    }
    one_process = SimpleNamespace(num_processes=1, sync_gradients=True, gather=lambda x: x, reduce=lambda x, reduction: x)
    args = SimpleNamespace(
        delta=None, use_bias_correction_kl=False, steps_per_generation=1, sapo_temperature_pos=1.0, sapo_temperature_neg=1.05,
    )
    entropies = torch.zeros_like(logps)
    return SimpleNamespace(
        **{**defaults, **options}, args=args, accelerator=one_process, model=SimpleNamespace(training=True),
        top_entropy_quantile=1.0, off_policy_mask_threshold=None, use_vllm=False, vllm_importance_sampling_correction=False,
        aux_loss_enabled=False, current_gradient_accumulation_steps=1, _entropy_bonus_enabled=False,
        _metrics={"train": defaultdict(list)},
        _get_per_token_logps_and_entropies=lambda *_, **__: (logps, entropies, None),
    )


def trl(name, x, logps):
    ids = torch.zeros(logps.shape, dtype=torch.long)
    inputs = {
        "prompt_ids": ids[:, :1], "prompt_mask": ids[:, :1], "completion_ids": ids, "completion_mask": x["mask"],
        "advantages": x["advantages"], "old_per_token_logps": x["old"], "ref_per_token_logps": x["ref"],
        "num_items_in_batch": x["mask"].sum(),
    }
    return GRPOTrainer._compute_loss(trl_trainer(logps, TRL[name]), None, inputs)


def best(run, repeats=30):
    """Best of thirty after three to warm up, in milliseconds: what else the machine does only ever adds."""
    times = []
    for i in range(repeats + 3):
        start = time.perf_counter()
        run()
        if i >= 3:
            times.append(1e3 * (time.perf_counter() - start))
    return min(times)


def value_and_gradient(loss_of, name, x):
    logps = x["logps"].clone().requires_grad_()
    loss = loss_of(name, x, logps)
    loss.backward()
    return loss.item(), logps.grad


peers = {
    "PyTorch float32": (eager, torch.float32),
    "PyTorch float64": (eager, torch.float64),
    "TRL float32": (trl, torch.float32),
}
for shape in json.loads(sys.argv[1]):
    for name in TRL:
        for peer, (loss_of, dtype) in peers.items():
            x = batch(*shape, dtype)
            loss, _ = value_and_gradient(loss_of, name, x)
            time_ms = best(lambda: value_and_gradient(loss_of, name, x))
            print(json.dumps({"shape": shape, "loss": name, "peer": peer, "ms": time_ms, "value": loss}), flush=True)
