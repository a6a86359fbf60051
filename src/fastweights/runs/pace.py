"""How fast a run is on this machine, from a short measurement."""

import math
import time
from dataclasses import replace

from fastweights.models import Model
from fastweights.runs.specification import RunSpecification
from fastweights.runs.worker import dataset
from fastweights.tasks.base import Dataset
from fastweights.training import loop
from fastweights.training.evaluation import evaluate

MEASURED_UPDATES = 100
_SEQUENCES = 2_560


def measure_seconds(specification: RunSpecification) -> float:
    """How long a run of this specification will train and be evaluated, in seconds, from `MEASURED_UPDATES`
    updates and two evaluations here and now; what is compiled and drawn before comes on top."""
    training, data = specification.training, specification.data
    half = MEASURED_UPDATES // 2
    short = replace(
        specification,
        training=replace(training, updates=3 * half, evaluate_every=half, test_curve=False),
        data=replace(
            data,
            train=min(data.train, _SEQUENCES),
            validation=min(data.validation, _SEQUENCES),
            test=min(data.test, _SEQUENCES),
        ),
    )
    train, validation = dataset(short, "train"), dataset(short, "validation")
    fit = loop.init(short.build_model(), short.training)
    chunks = loop.train_batched([fit], train, validation, options=[short.training], seeds=[short.seed])
    next(chunks)  # compiles
    start = time.perf_counter()
    *_, (fit,) = chunks
    chunks_took = time.perf_counter() - start
    a_validation, a_test = (
        _seconds_a_sequence(fit.model, dataset(short, split)) for split in ("validation", "test")
    )
    update = max(chunks_took - 2 * a_validation * len(validation.targets), 0.0) / MEASURED_UPDATES
    points = math.ceil(training.updates / training.evaluate_every)
    tests = points if training.test_curve else 1
    evaluations = points * data.validation * a_validation + tests * data.test * a_test
    return training.updates * update + evaluations


def _seconds_a_sequence(model: Model, data: Dataset) -> float:
    """How long the evaluation takes for each of these sequences, by the second of two."""
    evaluate(model, data)  # compiles
    start = time.perf_counter()
    evaluate(model, data)
    return (time.perf_counter() - start) / len(data.targets)
