"""A partial checkpoint that is damaged is not resumed: the run starts afresh, to the same bits."""

from pathlib import Path
from random import Random

import pytest

from fastweights.runs import worker
from fastweights.runs.specification import DataOptions, RunSpecification
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training import checkpoint
from fastweights.training.options import TrainingOptions
from hostile.mutations import BYTES

SPECIFICATION = RunSpecification(
    AssociativeRetrieval(num_pairs=1),
    "irnn",
    3,
    training=TrainingOptions(updates=40, batch_size=8, evaluate_every=20),
    data=DataOptions(train=200, validation=26, test=30),
)


def weights(path: Path) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in checkpoint.load(path)[0].items()}


@pytest.mark.slow
def test_a_damaged_partial_file_costs_time_only(tmp_path):
    worker.run(SPECIFICATION, tmp_path / "whole")
    expected = weights(tmp_path / "whole")
    out = tmp_path / "m"
    partial = tmp_path / "m.partial"
    assert worker.run(SPECIFICATION, out, stopped=lambda: True)["state"] == "interrupted"
    good, random = partial.read_bytes(), Random(0)
    for number in range(60):
        content = good
        while content == good:
            content = random.choice(BYTES)(good, random, [good])
        partial.write_bytes(content)
        points = []
        assert worker.run(SPECIFICATION, out, report=points.append)["state"] == "finished"
        assert [point.update for point in points] == [20, 40], number
        assert weights(out) == expected
        assert not partial.exists()
