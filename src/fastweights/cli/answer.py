"""`fastweights answer`: one sequence to a trained model, its answers, and what the network attended to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import tyro

from fastweights.cells.base import AttentionText
from fastweights.cli.options import PluginOptions, parse, task_of_model
from fastweights.cli.sequences import written
from fastweights.errors import FastweightsError, check, printable, shown
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
    check(positions is None or positions.size > 0, f"nothing is asked in {shown(options.sequence)}")
    classes = task.num_classes is not None
    # Probabilities, or numbers, after the last step or at each position.
    answers = (predict if classes else outputs)(model, inputs[None], positions)[0].astype(np.float64)
    answers = np.exp(answers) if classes else answers
    step = len(inputs) - 1 if positions is None else int(positions[0, -1])
    attention = model.attention(jnp.asarray(inputs))
    terms = None if attention is None else _terms(np.asarray(attention)[step], step)
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
        _print_attention(task, inputs, step, terms, model.cells[0].attention_text)
    return 0


def _terms(weights: np.ndarray, step: int) -> list[float]:
    """How much of each step up to this one is read; itself only if its cell can read it."""
    return [float(weight) for weight in weights[: step + (weights[step] != 0)]]


def _print_attention(
    task: Task,
    inputs: np.ndarray,
    step: int,
    terms: Sequence[float] | None,
    text: AttentionText | None,
) -> None:
    """What each term of the last answer's step is of all of them, and where the asked pair stands."""
    if terms is None or text is None:
        print("\nthis model has no attention to show: it does not weigh earlier steps one by one")
        return
    whole, marks = sum(map(abs, terms)), task.answered_by(inputs, step)
    symbol = task.decode(inputs[step : step + 1])
    print(f"\nin shares, what step {step + 1}, {symbol}, reads of {text.read}")
    symbols = [task.decode(inputs[place : place + 1]) for place in range(len(terms))]
    width = max(map(len, symbols), default=0)
    for place, term in enumerate(terms):
        share, mark = term / (whole or 1), " ◂" * (place in marks)
        print(f"  {place + 1:2d} {symbols[place]:{width}}  {_bar(abs(share), 1)} {share:6.3f}{mark}")
    if not whole:
        print("\nThe step reads nothing: what it knows is in its ordinary state.")
        return
    print(f"\n{text.remark}")
    if marks:
        print("◂ is the pair that is asked for.")


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
