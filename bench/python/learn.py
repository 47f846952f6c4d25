"""Epochs of a network in PyTorch on one thread, for bench/learn.ts.

The argument names the network. For each line N on standard input, trains N epochs and answers
"nanoseconds-of-cpu loss", the mean loss of the last epoch.
"""
import sys
import time

import torch

torch.set_num_threads(1)
torch.set_num_interop_threads(1)
torch.manual_seed(0)

NETWORKS = {
    # name: rows, shape of a row, batch, layers
    "mlp": (10_000, (784,), 128, lambda: [torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)]),
    "cnn": (
        2_000,
        (1, 28, 28),
        64,
        lambda: [
            torch.nn.Conv2d(1, 16, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(16, 32, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Flatten(), torch.nn.Linear(32 * 7 * 7, 10),
        ],
    ),
}

rows, shape, batch, layers = NETWORKS[sys.argv[1]]
x = torch.rand(rows, *shape)
labels = torch.randint(0, 10, (rows,))
targets = torch.nn.functional.one_hot(labels, 10).float()
model = torch.nn.Sequential(*layers())
optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)


def epoch() -> float:
    order = torch.randperm(rows)
    total = 0.0
    for start in range(0, rows, batch):
        chosen = order[start : start + batch]
        # Soft targets, as the methods train with.
        loss = torch.nn.functional.cross_entropy(model(x[chosen]), targets[chosen])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        total += loss.item() * len(chosen)
    return total / rows


for line in sys.stdin:
    start = time.process_time_ns()
    for _ in range(int(line)):
        loss = epoch()
    print(time.process_time_ns() - start, loss, flush=True)
