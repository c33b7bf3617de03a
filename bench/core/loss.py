"""The losses of bench/core/loss.ts in PyTorch eager with autograd: two threads, float32, the same numbers.

    python3 -m venv .venv && .venv/bin/pip install torch && .venv/bin/python bench/core/loss.py
"""

import math
import time

import torch

torch.set_num_threads(2)


def batch(rows, columns):
    k = torch.arange(rows * columns, dtype=torch.float64).reshape(rows, columns)
    logp = -1 - torch.sin(k) ** 2
    row = torch.arange(rows, dtype=torch.float64)
    length = columns * (0.5 + 0.5 * torch.sin(row) ** 2)
    return {
        "logps": logp.float(),
        "old": (logp + 0.1 * torch.sin(7 * k)).float(),
        "ref": (logp + 0.1 * torch.sin(11 * k)).float(),
        "mask": (torch.arange(columns) < length[:, None]).float(),
        "adv": torch.sin(3 * row + 1).float()[:, None],
    }


def clip(ratio, adv, low, high):
    return -torch.min(ratio * adv, torch.clamp(ratio, 1 - low, 1 + high) * adv)


def loss_of(name, x, logps):
    delta = logps - x["old"]
    mask, adv = x["mask"], x["adv"]
    if name == "gspo":
        delta = ((delta * mask).sum(-1) / mask.sum(-1).clamp(min=1))[:, None]
        return (clip(torch.exp(delta), adv, 3e-4, 4e-4) * mask).sum() / mask.sum()
    ratio = torch.exp(delta)
    if name == "ppo-clip":
        return (clip(ratio, adv, 0.2, 0.2) * mask).sum() / mask.sum()
    if name == "grpo with kl":
        d = x["ref"] - logps
        token = clip(ratio, adv, 0.2, 0.2) + 0.04 * (torch.exp(d) - d - 1)
        return ((token * mask).sum(-1) / mask.sum(-1).clamp(min=1)).mean()
    if name == "cispo":
        return (-torch.clamp(ratio, max=5).detach() * adv * logps * mask).sum() / mask.sum()
    tau = torch.where(adv > 0, 1.0, 1.05)
    return (-torch.sigmoid(tau * (ratio - 1)) * 4 / tau * adv * mask).sum() / mask.sum()


def best(run):
    for _ in range(3):
        run()
    times = []
    for _ in range(30):
        start = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - start))
    return min(times)


for shape in [(64, 2048), (512, 1024)]:
    x = batch(*shape)
    for name in ["ppo-clip", "grpo with kl", "gspo", "cispo", "sapo"]:

        def run():
            logps = x["logps"].clone().requires_grad_()
            loss = loss_of(name, x, logps)
            loss.backward()
            return loss.item()

        assert math.isfinite(run())
        print(f"{list(shape)} {name:14} {best(run):7.1f} ms   loss {run():.6g}")
