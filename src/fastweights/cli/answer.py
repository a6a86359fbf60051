"""`fastweights answer`: one question to a trained model, and what the network attended to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import tyro

from fastweights.cli.options import PluginOptions, parse
from fastweights.errors import FastweightsError, printable
from fastweights.runs import worker
from fastweights.training.evaluation import predict

_WIDTH = 40


@dataclass(frozen=True)
class Answer(PluginOptions):
    """Options of `fastweights answer`."""

    checkpoint: tyro.conf.Positional[Path]
    """A model that `train` or `reproduce` wrote."""

    sequence: tyro.conf.Positional[str]
    """A question such as c9k8j3f1??c; quote it, for ? means something to the shell."""

    json: bool = False
    """Print a JSON object."""


def run(arguments: Sequence[str]) -> int:
    """Answer and print."""
    options = parse(Answer, arguments, "answer")
    worker.prepare()
    specification, model, _ = worker.load_model(options.checkpoint)
    task = specification.task
    symbols = task.encode(options.sequence)
    probabilities = np.exp(predict(model, symbols[None])[0].astype(np.float64))
    answer = task.class_name(int(probabilities.argmax()))
    attention = model.attention(jnp.asarray(symbols, jnp.int32))
    terms = None if attention is None else [float(term) for term in attention[-1, :-1]]
    if not np.isfinite([*probabilities, *(terms or [])]).all():
        raise FastweightsError(f"{printable(options.checkpoint)} gives an answer that is not a finite number")
    if options.json:
        named = {task.class_name(i): float(p) for i, p in enumerate(probabilities)}
        print(json.dumps({"answer": answer, "probabilities": named, "attention": terms}))
        return 0
    print(f"{options.sequence} → {answer}\n")
    print("probability of each answer")
    for i, probability in enumerate(probabilities):
        print(f"  {task.class_name(i)}  {_bar(probability, 1)} {probability:.4f}")
    if terms is not None:
        print("\nwhat the last step attended to: η λ^age [h(τ)ᵀ h_s], Ba et al. 2016, equation 4")
        largest = max(map(abs, terms)) or 1
        for position, (symbol, term) in enumerate(zip(options.sequence, terms, strict=False), 1):
            print(f"  {position:2d} {symbol}  {_bar(term, largest)} {term:.3f}")
    return 0


def _bar(value: float, largest: float) -> str:
    """A bar whose full length is `largest`, in eighths of a character."""
    eighths = round(8 * _WIDTH * max(value, 0) / largest)
    return ("█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()).ljust(_WIDTH)
