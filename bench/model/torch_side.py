"""PyTorch's side: torch_side.py eager|compile. Prints one JSON line; the same layers, sizes and values as ours.ts."""

import json
import os
import statistics
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "2")
import torch
import torch.nn.functional as F

torch.set_num_threads(2)
mode = sys.argv[1]


def noise(count):
    x = 43758.5453 * torch.sin(12.9898 * torch.arange(count, dtype=torch.float64))
    return x - x.floor() - 0.5


def values(rows, columns):
    return (noise(rows * columns) / columns**0.5).float().reshape(rows, columns)


class Norm(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(size))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


def linear(inputs, out, bias):
    layer = torch.nn.Linear(inputs, out, bias=bias)
    with torch.no_grad():
        layer.weight.copy_(values(out, inputs))
        if bias:
            layer.bias.zero_()
    return layer


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin


class Layer(torch.nn.Module):
    def __init__(self, hidden, intermediate, heads):
        super().__init__()
        self.heads, self.keys, self.dim = heads, heads // 4, hidden // heads
        self.norm1, self.norm2 = Norm(hidden), Norm(hidden)
        self.q, self.k, self.v = (linear(hidden, n * self.dim, True) for n in (heads, self.keys, self.keys))
        self.o = linear(hidden, hidden, False)
        self.gate, self.up = linear(hidden, intermediate, False), linear(hidden, intermediate, False)
        self.down = linear(intermediate, hidden, False)

    def forward(self, x, cos, sin, cache=None, at=None, mask=None):
        b, t, _ = x.shape
        n = self.norm1(x)
        split = lambda y, heads: y.view(b, t, heads, self.dim).transpose(1, 2)
        q, k, v = split(self.q(n), self.heads), split(self.k(n), self.keys), split(self.v(n), self.keys)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            cache[0].index_copy_(2, at, k)
            cache[1].index_copy_(2, at, v)
            k, v = cache
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None, enable_gqa=True)
        x = x + self.o(y.transpose(1, 2).reshape(b, t, -1))
        n = self.norm2(x)
        return x + self.down(F.silu(self.gate(n)) * self.up(n))


def tables(length, dim):
    angles = torch.arange(length)[:, None] / 10000 ** (torch.arange(0, dim, 2) / dim)
    angles = torch.cat((angles, angles), -1)
    return angles.cos(), angles.sin()


def block():
    layers = torch.nn.ModuleList(Layer(1024, 2816, 16) for _ in range(4))
    cos, sin = tables(1024, 64)

    def run(x):
        for layer in layers:
            x = layer(x, cos, sin)
        return x.pow(2).mean()

    run = torch.compile(run) if mode == "compile" else run
    times = []
    for step in range(7):
        x = noise(1024 * 1024).float().reshape(1, 1024, 1024)
        x.requires_grad_()
        layers.zero_grad()
        start = time.perf_counter()
        loss = run(x)
        loss.backward()
        if step >= 2:
            times.append(1000 * (time.perf_counter() - start))
    return {"blockMs": statistics.median(times), "loss": loss.item(), "norm": x.grad.norm().item()}


@torch.no_grad()
def decode():
    steps, prompt, rows, hidden, vocabulary = 128, 64, 8, 256, 8192
    layers = torch.nn.ModuleList(Layer(hidden, 704, 8) for _ in range(12))
    embedding, norm = values(vocabulary, hidden), Norm(hidden)
    cos, sin = tables(prompt + steps, 32)
    room = prompt + steps
    caches = [(torch.zeros(rows, 2, room, 32), torch.zeros(rows, 2, room, 32)) for _ in layers]
    places = torch.arange(room)

    def step(ids, at):
        x = embedding[ids][:, None]
        mask = (places <= at)[None, None, None]
        for layer, cache in zip(layers, caches):
            x = layer(x, cos[at], sin[at], cache, at, mask)
        probabilities = torch.softmax(norm(x[:, 0]) @ embedding.T, -1)
        ids = torch.multinomial(probabilities, 1)[:, 0]
        return ids, torch.log(probabilities.gather(1, ids[:, None]))

    step = torch.compile(step) if mode == "compile" else step
    times = []
    for round in range(5):
        ids = torch.arange(rows)
        start = time.perf_counter()
        for i in range(steps):
            ids, _ = step(ids, torch.tensor([prompt + i]))
        if round >= 2:
            times.append(1000 * (time.perf_counter() - start) / steps)
    return {"decodeMs": statistics.median(times)}


print(json.dumps({"system": f"torch {torch.__version__} {mode}", **block(), **decode()}))
