"""`fastweights answer`: one sequence to a trained model, its answers, and what the network attended to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import tyro

from fastweights.cli.options import PluginOptions, parse, task_of_model
from fastweights.cli.sequences import written
from fastweights.errors import FastweightsError, printable
from fastweights.runs import worker
from fastweights.tasks.base import Task
from fastweights.training.evaluation import outputs, predict

_WIDTH = 40
_MOST_CLASSES = 40


@dataclass(frozen=True)
class Answer(PluginOptions):
    """Options of `fastweights answer`."""

    model: tyro.conf.Positional[Path]
    """A model that `train` or `reproduce` wrote."""

    sequence: tyro.conf.Positional[str]
    """A question such as c9k8j3f1??c; quote it, for ? means something to the shell."""

    json: bool = False
    """Print a JSON object."""


def run(arguments: Sequence[str]) -> int:
    """Answer and print."""
    options = parse(Answer, arguments, "answer", task_of_model)
    worker.prepare()
    _, model, _ = worker.load_model(options.model)
    task: Task = options.task
    inputs = task.encode(options.sequence)
    asked = task.asked(inputs)
    positions = None if asked is None else np.flatnonzero(asked)[None]
    classes = task.num_classes is not None
    # Probabilities, or numbers, after the last step or at each position.
    answers = (predict if classes else outputs)(model, inputs[None], positions)[0].astype(np.float64)
    answers = np.exp(answers) if classes else answers
    attention = model.attention(jnp.asarray(inputs))
    terms = None if attention is None else [float(term) for term in attention[-1, :-1]]
    if not (np.isfinite(answers).all() and np.isfinite(terms or []).all()):
        raise FastweightsError(f"{printable(options.model)} gives an answer that is not a finite number")
    if options.json:
        told = (
            _told(task, answers)
            if asked is None
            else {"answers": [_told(task, answer) for answer in answers]}
        )
        print(json.dumps({**told, "attention": terms}))
    elif positions is None:
        print(f"{options.sequence} → {_said(task, answers)}")
        if classes:
            _print_probabilities(task, answers)
    else:
        for position, answer in zip(positions[0], answers, strict=True):
            symbol = task.decode(inputs[position : position + 1])
            sure = f"  {answer.max():.4f}" if classes else ""
            print(f"{position + 1:4d} {symbol} → {_said(task, answer)}{sure}")
    if not options.json:
        _print_attention(task, inputs, terms)
    return 0


def _print_attention(task: Task, inputs: np.ndarray, terms: Sequence[float] | None) -> None:
    """What each term of the last step's reading is of all of them, and where the last symbol stood before."""
    if terms is None:
        print("\nthis model reads no earlier states: it has no attention to show")
        return
    whole = sum(map(abs, terms)) or 1
    asked = np.flatnonzero(inputs[:-1] == inputs[-1]) if inputs.ndim == 1 else np.array([], int)
    marks = {*asked, *(asked + 1)}
    print("\nwhat the last step reads of the state after each symbol (Ba et al. 2016, equation 4), in shares")
    for position, term in enumerate(terms):
        symbol, mark = task.decode(inputs[position : position + 1]), " ◂" * (position in marks)
        print(f"  {position + 1:2d} {symbol}  {_bar(abs(term) / whole, 1)} {term / whole:6.3f}{mark}")
    print(
        "\nA state has a part of the symbols before it, too, so that a pair is read after its second symbol."
    )
    if asked.size:
        print(f"◂ is where {task.decode(inputs[-1:])} stood before, and what stood behind it.")


def _said(task: Task, answer: np.ndarray) -> str:
    return written(task, np.asarray(answer.argmax()) if task.num_classes is not None else answer.round(6))


def _told(task: Task, answer: np.ndarray) -> dict[str, Any]:
    """An answer for machines."""
    if task.num_classes is None:
        return {"answer": answer.tolist()}
    named = {task.class_name(i): float(p) for i, p in enumerate(answer)}
    return {"answer": _said(task, answer), "probabilities": named}


def _print_probabilities(task: Task, probabilities: np.ndarray) -> None:
    print("\nprobability of each answer")
    for i in np.sort(np.argsort(-probabilities, kind="stable")[:_MOST_CLASSES]):
        print(f"  {task.class_name(int(i))}  {_bar(float(probabilities[i]), 1)} {probabilities[i]:.4f}")


def _bar(value: float, largest: float) -> str:
    """A bar whose full length is `largest`, in eighths of a character."""
    eighths = round(8 * _WIDTH * max(value, 0) / largest)
    return ("█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()).ljust(_WIDTH)
