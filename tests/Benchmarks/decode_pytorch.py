"""Greedy decoding of a Llama-layout model with random weights, eager, static cache; prints tokens a second, and GFLOP/s of its matrix product."""
import sys
import time

import torch

V, C, F, L, H, K, D, threads, B, prompt, warm_up, steps = map(int, sys.argv[1:])
torch.set_num_threads(threads)
torch.manual_seed(1)
S = prompt + warm_up + steps


def weight(rows, columns):
    return torch.randn(rows, columns) * 0.02


embedding = weight(V, C)
layers = [
    dict(q=weight(H * D, C), k=weight(K * D, C), v=weight(K * D, C), o=weight(C, H * D), gate=weight(F, C), up=weight(F, C),
         down=weight(C, F), norm1=torch.ones(C), norm2=torch.ones(C),
         keys=torch.zeros(B, K, S, D), values=torch.zeros(B, K, S, D))
    for _ in range(L)
]
frequencies = 10000.0 ** (-torch.arange(0, D, 2) / D)
angles = torch.outer(torch.arange(S), frequencies)
cosine, sine = torch.cat([angles.cos()] * 2, 1), torch.cat([-angles.sin(), angles.sin()], 1)


def normalise(x, scale):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * scale


def rotate(x, at):
    return x * cosine[at] + torch.cat([x[..., D // 2:], x[..., :D // 2]], -1) * sine[at]


def step(tokens, position):
    x = embedding[tokens]  # [B, C]
    for layer in layers:
        n = normalise(x, layer["norm1"])
        q = rotate((n @ layer["q"].T).view(B, H, D), position)
        layer["keys"][:, :, position] = rotate((n @ layer["k"].T).view(B, K, D), position)
        layer["values"][:, :, position] = (n @ layer["v"].T).view(B, K, D)
        keys, values = layer["keys"][:, :, :position + 1], layer["values"][:, :, :position + 1]
        scores = q.view(B, K, H // K, D) @ keys.transpose(2, 3) / D ** 0.5
        x = x + (scores.softmax(-1) @ values).view(B, H * D) @ layer["o"].T
        n = normalise(x, layer["norm2"])
        x = x + (torch.nn.functional.silu(n @ layer["gate"].T) * (n @ layer["up"].T)) @ layer["down"].T
    return (normalise(x, torch.ones(C)) @ embedding.T).argmax(-1)


with torch.no_grad():
    tokens = torch.zeros(B, dtype=torch.long)
    for position in range(prompt + warm_up):
        tokens = step(tokens, position)
    seconds = []
    for _ in range(3):
        since = time.perf_counter()
        for position in range(prompt + warm_up, S):
            tokens = step(tokens, position)
        seconds.append(time.perf_counter() - since)
    rate = B * steps / min(seconds)
    a = torch.randn(512, 512)
    a @ a
    since = time.perf_counter()
    for _ in range(5):
        a @ a
    print(rate, 5 * 2 * 512 ** 3 / (time.perf_counter() - since) / 1e9)
