"""How fast a run is on this machine, from a short measurement."""

import math
import time
from dataclasses import replace

from fastweights.runs.specification import RunSpecification
from fastweights.runs.worker import dataset
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
        data=replace(data, train=min(data.train, _SEQUENCES), validation=min(data.validation, _SEQUENCES)),
    )
    train, validation = dataset(short, "train"), dataset(short, "validation")
    fit = loop.init(short.build_model(), short.training)
    chunks = loop.train_batched([fit], train, validation, options=[short.training], seeds=[short.seed])
    next(chunks)  # compiles
    start = time.perf_counter()
    *_, (fit,) = chunks
    chunks_took = time.perf_counter() - start
    start = time.perf_counter()
    for _ in range(2):
        evaluate(fit.model, validation)
    evaluation = (time.perf_counter() - start) / 2
    update = max(chunks_took - 2 * evaluation, 0.0) / MEASURED_UPDATES
    points = math.ceil(training.updates / training.evaluate_every)
    sequences = points * data.validation + (points if training.test_curve else 1) * data.test
    return training.updates * update + sequences * evaluation / len(validation.targets)
