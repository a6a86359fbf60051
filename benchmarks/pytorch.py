"""How fast the PyTorch modules are: beside PyTorch's own layers, our forms without kernels, and JAX.

    .venv/bin/python benchmarks/pytorch.py [--models irnn,lstm,fast-weights] [--hidden-size 50]
        [--num-pairs 4] [--batch-size 128] [--shapes 64x64x128,64x256x32] [--compiled] [--rounds 9]

The first table is of a whole update of a classifier of associative retrieval: embedding, cell, read-out,
loss, gradient, clipping, Adam. `modules` is `fastweights.torch`; `without kernels` the same with
FASTWEIGHTS_NATIVE=0; `torch.nn` has PyTorch's own layer in the cell's place; `no cell` reads the last symbol
alone, so that no layer in PyTorch can be faster; `JAX` does a hundred updates in one compiled call, as
`fastweights train` does. The second one is of the gated delta rule, forward and
backward, one head; a shape is size of keys and values × time × batch. `modules` is
`fastweights.torch.unroll_memory` with its kernel, `chunks` and `steps` are its other forms, `torch-chunks`
the chunk form of benchmarks/family.py, which knows but this one rule; `JAX` is `fastweights.unroll_memory`.
With --compiled, forms in PyTorch also go through `torch.compile`.

All in float32 on one thread. Forms take turns, and every second round goes backwards; milliseconds are those
of the processor, the median over rounds, and a ratio is the median over rounds of a form's by the modules'.
Prints Markdown tables.
"""

import argparse
import copy
import os
import statistics
from collections.abc import Callable
from contextlib import contextmanager

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch
from torch import nn

import family
import fastweights as fw
import fastweights.torch as ft
from fastweights import registry
from fastweights.native.library import SWITCH
from fastweights.runs import worker

SYMBOLS, CLASSES, EMBEDDING, IN_ONE_CALL = 37, 10, 100, 100
LAYERS = {"irnn": nn.RNN, "standard-rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
Programs = dict[str, Callable[[], object]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="irnn,lstm,fast-weights")
    parser.add_argument("--hidden-size", type=int, default=50)
    parser.add_argument("--num-pairs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--shapes", default="64x64x128,64x256x32")
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    worker.use_one_thread()
    torch.set_num_threads(1)
    if given.models:
        sizes = f"R = {given.hidden_size}, K = {given.num_pairs}, batch {given.batch_size}"
        rows = {name: updates(name, given) for name in given.models.split(",")}
        table(f"an update, {sizes}", rows, given.rounds, {"JAX": IN_ONE_CALL})
    if given.shapes:
        shapes = [tuple(map(int, shape.split("x"))) for shape in given.shapes.split(",")]
        rows = {" × ".join(map(str, shape)): gradients(shape, given) for shape in shapes}
        table("gated delta rule: d × T × batch", rows, given.rounds, {})


def table(title: str, rows: dict[str, Programs], rounds: int, done_at_once: dict[str, int]) -> None:
    """Print a table: milliseconds of each form, and by how much more than the modules take."""
    forms = list(dict.fromkeys(form for programs in rows.values() for form in programs))
    print(f"\n| {title} | {' | '.join(f'{form}, ms' + ' | times' * (form != forms[0]) for form in forms)} |")
    print(f"| :--- |{' ---: |' * (2 * len(forms) - 1)}", flush=True)
    for row, programs in rows.items():
        seconds = family.in_turn(programs, rounds)
        columns = []
        for form in forms:
            if form not in programs:
                columns += ["", ""]
                continue
            own = [s / done_at_once.get(form, 1) for s in seconds[form]]
            columns.append(f"{1e3 * statistics.median(own):.3g}")
            if form != forms[0]:
                ratio = statistics.median(b / a for a, b in zip(seconds[forms[0]], own, strict=True))
                columns.append(f"{ratio:.2f}")
        print(f"| {row} | {' | '.join(columns)} |", flush=True)


def updates(name: str, given: argparse.Namespace) -> Programs:
    """The forms of an update of one model."""
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, SYMBOLS, (given.batch_size, 2 * given.num_pairs + 3))
    targets = rng.integers(0, CLASSES, given.batch_size)
    model = ft.SequenceClassifier(ft.MODULES[name].cell_class(EMBEDDING, given.hidden_size), SYMBOLS, CLASSES)
    programs: Programs = {
        "modules": torch_update(model, tokens, targets),
        "without kernels": without_kernels(torch_update(model, tokens, targets)),
    }
    if name in LAYERS:
        programs["torch.nn"] = torch_update(Layer(name, given.hidden_size), tokens, targets)
    programs["no cell"] = torch_update(LastSymbol(given.hidden_size), tokens, targets)
    if given.compiled:
        programs["modules, compiled"] = torch_update(model, tokens, targets, torch.compile(model))
        other = copy.deepcopy(model)
        # By a function of its own: of the module's, PyTorch would take what it compiled with kernels.
        compiled = torch.compile(lambda tokens: other(tokens))
        programs["without kernels, compiled"] = without_kernels(
            torch_update(other, tokens, targets, compiled)
        )
    programs["JAX"] = jax_updates(name, given.hidden_size, tokens, targets)
    return programs


class Layer(nn.Module):
    """The classifier with PyTorch's own layer in the cell's place."""

    def __init__(self, name: str, units: int) -> None:
        super().__init__()
        keywords = {"nonlinearity": "relu"} if name == "irnn" else {}
        self.embedding = nn.Embedding(SYMBOLS, EMBEDDING)
        self.layer = LAYERS[name](EMBEDDING, units, **keywords)
        self.readout = nn.Sequential(nn.Linear(units, 100), nn.ReLU(), nn.Linear(100, CLASSES))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.readout(self.layer(self.embedding(tokens.T))[0][-1])


class LastSymbol(nn.Module):
    """The classifier with nothing between embedding and read-out but the projection of the last symbol."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, EMBEDDING)
        self.projection = nn.Linear(EMBEDDING, units)
        self.readout = nn.Sequential(nn.Linear(units, 100), nn.ReLU(), nn.Linear(100, CLASSES))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.readout(torch.relu(self.projection(self.embedding(tokens[:, -1]))))


def torch_update(model: nn.Module, tokens, targets, function: Callable | None = None) -> Callable:
    optimiser = torch.optim.Adam(model.parameters(), fused=True)
    tokens, targets = torch.from_numpy(tokens), torch.from_numpy(targets)
    function = model if function is None else function

    def update() -> None:
        loss = nn.functional.cross_entropy(function(tokens), targets)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()

    return update


def jax_updates(name: str, units: int, tokens, targets) -> Callable:
    keys = jax.random.split(jax.random.key(0), 2)
    cell = registry.cells[name](EMBEDDING, units, key=keys[0])
    trained, rest = fw.partition(fw.SequenceClassifier(cell, SYMBOLS, CLASSES, key=keys[1]))
    optimiser = optax.chain(optax.clip_by_global_norm(5.0), optax.adam(1e-3))
    tokens, targets = jnp.asarray(tokens), jnp.asarray(targets)

    def loss(trained):
        logits = eqx.combine(trained, rest)(tokens)
        return optax.softmax_cross_entropy_with_integer_labels(logits, targets).mean()

    def update(carry, _):
        trained, state = carry
        changes, state = optimiser.update(jax.grad(loss)(trained), state)
        return (optax.apply_updates(trained, changes), state), None

    @jax.jit
    def many(trained, state):
        return jax.lax.scan(update, (trained, state), length=IN_ONE_CALL)[0]

    state = optimiser.init(trained)
    return lambda: jax.block_until_ready(many(trained, state))


def gradients(shape: tuple[int, int, int], given: argparse.Namespace) -> Programs:
    """The forms of the gradient of the gated delta rule."""
    numbers, weights = family.numbers(shape)

    def unroll(form: str) -> Callable:
        def outputs(q, k, v, rates, decays):
            write = ft.Write(*(a[:, :, None] for a in (rates * k, v, decays, decays * k)))
            return ft.unroll_memory(q[:, :, None], write, form=form)[0][:, :, 0]

        return outputs

    forms = {
        "modules": unroll("kernel"),
        "chunks": unroll("chunks"),
        "torch-chunks": family.torch_chunks,
    }
    forms["steps"] = unroll("steps")
    if given.compiled:
        forms |= {f"{name}, compiled": forms[name] for name in ("chunks", "torch-chunks")}
    programs: Programs = {
        name: family.torch_gradient(form, numbers, weights, name.endswith(", compiled"))
        for name, form in forms.items()
    }
    programs["JAX"] = family.gradient("kernel", numbers, weights)
    expected = [np.asarray(a) for a in programs["JAX"]()]
    for name, program in programs.items():
        for actual, array in zip(program(), expected, strict=True):
            assert np.max(np.abs(np.asarray(actual) - array)) < 1e-3 * np.max(np.abs(array)), name
    return programs


def without_kernels(program: Callable) -> Callable:
    def run() -> object:
        with switched_off():
            return program()

    return run


@contextmanager
def switched_off():
    os.environ[SWITCH] = "0"
    try:
        yield
    finally:
        del os.environ[SWITCH]


if __name__ == "__main__":
    main()
