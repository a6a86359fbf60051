"""Associative retrieval in PyTorch: fast weights learn to say which digit followed a letter, c9k8j3f1??c → 9.

    python examples/pytorch_retrieval.py [updates]

`fastweights.torch.FastWeights` is a layer like `torch.nn.RNN`, here between an embedding and a read-out of
one's own. Nothing of it imports JAX. After 6,000 updates, in half a minute, the test error is below 1 %; the
best guess without a memory has 61.65 %.
"""

import sys

import torch
from torch import nn

from fastweights.torch import FastWeights

LETTERS, DIGITS, PAIRS, MARK = 26, 10, 4, 36


def sequences(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens (count, 11), and the digits that are asked for."""
    random = torch.Generator().manual_seed(seed)
    letters = torch.rand(count, LETTERS, generator=random).argsort(1)[:, :PAIRS]
    digits = torch.randint(DIGITS, (count, PAIRS), generator=random)
    asked = torch.randint(PAIRS, (count, 1), generator=random)
    pairs = torch.stack([letters, LETTERS + digits], dim=2).flatten(1)
    marks = torch.full((count, 2), MARK)
    return torch.cat([pairs, marks, letters.gather(1, asked)], dim=1), digits.gather(1, asked)[:, 0]


class Retriever(nn.Module):
    """Embedding, fast weights of 50 units, and a layer of ReLUs on the last output."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(MARK + 1, 100)
        self.memory = FastWeights(100, 50, batch_first=True, decay=0.9, write_rate=0.5)
        self.readout = nn.Sequential(nn.Linear(50, 100), nn.ReLU(), nn.Linear(100, DIGITS))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.memory(self.embedding(tokens))
        return self.readout(outputs[:, -1])


torch.set_num_threads(1)  # operations as small as these gain nothing from more
torch.manual_seed(0)
updates = int(sys.argv[1]) if len(sys.argv) > 1 else 6_000
tokens, targets = sequences(100_000, seed=1)
model = Retriever()
optimiser = torch.optim.Adam(model.parameters(), lr=1.25e-3, fused=True)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, updates)
for _ in range(updates):
    rows = torch.randint(len(targets), (128,))
    loss = nn.functional.cross_entropy(model(tokens[rows]), targets[rows])
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimiser.step()
    schedule.step()

tokens, targets = sequences(20_000, seed=2)
with torch.no_grad():
    wrong = model(tokens).argmax(1) != targets
print(f"test error {100 * wrong.float().mean():.2f} % after {updates} updates")
