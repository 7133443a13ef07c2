"""Training steps of a Llama-layout model with random weights, eager, AdamW; prints tokens a second, and GFLOP/s of its matrix product."""
import sys
import time

import torch
from torch.nn import functional

V, C, F, L, H, K, D, threads, B, S, warm_up, steps = map(int, sys.argv[1:])
torch.set_num_threads(threads)
torch.manual_seed(1)
parameters = []


def weight(rows, columns):
    parameters.append(torch.nn.Parameter(torch.randn(rows, columns) * 0.02))
    return parameters[-1]


def scale():
    parameters.append(torch.nn.Parameter(torch.ones(C)))
    return parameters[-1]


embedding, last_norm = weight(V, C), scale()
layers = [
    dict(q=weight(H * D, C), k=weight(K * D, C), v=weight(K * D, C), o=weight(C, H * D), gate=weight(F, C), up=weight(F, C),
         down=weight(C, F), norm1=scale(), norm2=scale())
    for _ in range(L)
]
angles = torch.outer(torch.arange(S), 10000.0 ** (-torch.arange(0, D, 2) / D))
cosine, sine = torch.cat([angles.cos()] * 2, 1), torch.cat([-angles.sin(), angles.sin()], 1)
hidden_from = torch.ones(S, S, dtype=torch.bool).triu(1)


def normalise(x, weight):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * weight


def heads(x, weight, count):
    return functional.linear(x, weight).view(B, S, count, D).transpose(1, 2)


def rotate(x):
    return x * cosine + torch.cat([x[..., D // 2:], x[..., :D // 2]], -1) * sine


def loss_of(tokens, targets):
    x = functional.embedding(tokens, embedding)  # [B, S, C]
    for layer in layers:
        n = normalise(x, layer["norm1"])
        q, k, v = rotate(heads(n, layer["q"], H)), rotate(heads(n, layer["k"], K)), heads(n, layer["v"], K)
        k, v = k.repeat_interleave(H // K, 1), v.repeat_interleave(H // K, 1)
        scores = (q @ k.transpose(2, 3) / D ** 0.5).masked_fill(hidden_from, float("-inf"))
        x = x + functional.linear((scores.softmax(-1) @ v).transpose(1, 2).reshape(B, S, H * D), layer["o"])
        n = normalise(x, layer["norm2"])
        x = x + functional.linear(functional.silu(functional.linear(n, layer["gate"])) * functional.linear(n, layer["up"]), layer["down"])
    return functional.cross_entropy(functional.linear(normalise(x, last_norm), embedding).flatten(0, 1), targets.flatten())


optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.01)
sequences = (torch.arange(B * (S + 1)) * 31 % V).view(B, S + 1)
seconds = []
for _ in range(warm_up + steps):
    since = time.perf_counter()
    loss_of(sequences[:, :-1], sequences[:, 1:]).backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    seconds.append(time.perf_counter() - since)
a = torch.randn(512, 512)
a @ a
since = time.perf_counter()
for _ in range(5):
    a @ a
print(B * S / sorted(seconds[warm_up:])[steps // 2], 5 * 2 * 512 ** 3 / (time.perf_counter() - since) / 1e9)
