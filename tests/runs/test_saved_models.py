"""Models and unfinished runs as files: whatever was saved comes back, with or without a specification."""

import equinox as eqx
import jax
import numpy as np
import optax
import pytest

import fastweights as fw
from fastweights.errors import CheckpointError, InvalidValueError

TASK = fw.Adding(6)
DATA, VALIDATION = TASK.split("train", 200), TASK.split("validation", 50)
OPTIONS = fw.TrainingOptions(updates=6, evaluate_every=2, batch_size=8)
SPECIFICATION = fw.RunSpecification(TASK, "irnn", 5, blocks=fw.BlockOptions(2, "rms", True, 3))


def by_hand(seed: int, units: int = 4) -> fw.SequenceModel:
    keys = jax.random.split(jax.random.key(seed))
    return fw.SequenceModel([fw.IRNN(2, units, key=keys[0])], 1, key=keys[1])


def test_a_model_with_its_specification(tmp_path):
    """Trained; another seed makes the model that the arrays are loaded into."""
    model = jax.tree.map(lambda x: x + 0.5, SPECIFICATION.build_model())
    fw.save_model(tmp_path / "m", model, specification=SPECIFICATION, outcome={"state": "finished"})
    saved = fw.load_model(str(tmp_path / "m"))
    assert saved.specification == SPECIFICATION and saved.outcome == {"state": "finished"}
    assert eqx.tree_equal(saved.model, model)


def test_a_model_that_was_put_together_by_hand(tmp_path):
    model, path = by_hand(0), tmp_path / "m"
    fw.save_model(path, model)
    saved = fw.load_model(path, like=by_hand(1))
    assert eqx.tree_equal(saved.model, model) and saved.specification is None and saved.outcome == {}
    with pytest.raises(
        CheckpointError, match="saved without a specification: load_model needs a model like it"
    ):
        fw.load_model(path)
    with pytest.raises(CheckpointError, match=r"should be float32 \(5, 5\), but is float32 \(4, 4\)"):
        fw.load_model(path, like=by_hand(1, units=5))


def test_a_specification_of_another_model_is_refused(tmp_path):
    with pytest.raises(InvalidValueError, match="the specification makes models of another shape"):
        fw.save_model(tmp_path / "m", by_hand(0), specification=SPECIFICATION)
    assert not list(tmp_path.iterdir())


def test_a_run_goes_on_from_its_file_to_the_same_bits(tmp_path):
    """Saved after every evaluation, stopped after the second."""
    optimiser, path = optax.adamw(1e-3, weight_decay=0.1), tmp_path / "run"
    whole = fw.fit(by_hand(0), DATA, VALIDATION, options=OPTIONS, optimiser=optimiser)
    saving = [lambda run: fw.save_fit(path, run, {"note": 3}), lambda run: run.done == 4]
    fw.fit(by_hand(0), DATA, VALIDATION, options=OPTIONS, optimiser=optimiser, callbacks=saving)
    fresh = fw.init(by_hand(1), OPTIONS, optimiser=optimiser)
    loaded = fw.load_fit(path, fresh, {"note": 3})
    assert loaded.done == 4 and loaded.curve == whole.curve[:2]
    ended = fw.resume(loaded, DATA, VALIDATION, options=OPTIONS, optimiser=optimiser)
    assert eqx.tree_equal((ended.state, ended.best), (whole.state, whole.best)) and ended.curve == whole.curve
    with pytest.raises(CheckpointError, match="is another run"):
        fw.load_fit(path, fresh, {"note": 4})
    with pytest.raises(CheckpointError, match="does not fit"):
        fw.load_fit(path, fw.init(by_hand(1), OPTIONS, optimiser=optax.sgd(0.1)))
    with pytest.raises(CheckpointError, match="is not a trained model, but 'run'"):
        fw.load_model(path, like=by_hand(0))
    fw.save_model(path, by_hand(0))
    with pytest.raises(CheckpointError, match="is not a run, but 'model'"):
        fw.load_fit(path, fresh)


def test_curves_go_to_a_table_and_to_tensorboard(tmp_path):
    from tensorboardX.proto.event_pb2 import Event

    table, folder = tmp_path / "curve.csv", tmp_path / "board"
    callbacks = [fw.CSVCurve(table), fw.TensorBoardCurve(folder)]
    run = fw.fit(by_hand(0), DATA, VALIDATION, options=OPTIONS, callbacks=callbacks)
    callbacks[1].close()
    header, *lines = [line.split(",") for line in table.read_text().splitlines()]
    assert header[:4] == ["update", "train_loss", "validation_error", "validation_log_likelihood"]
    expected = [[p.update, p.train_loss, p.validation_error, p.validation_log_likelihood] for p in run.curve]
    assert [list(map(float, line[:4])) for line in lines] == expected
    (file,) = folder.iterdir()
    content, values, place = file.read_bytes(), {}, 0
    while place < len(content):  # a length, its checksum, the event, its checksum
        size = int.from_bytes(content[place : place + 8], "little")
        event = Event.FromString(content[place + 12 : place + 12 + size])
        values |= {(value.tag, event.step): value.simple_value for value in event.summary.value}
        place += 16 + size
    assert len(values) == 9
    for point in run.curve:
        assert values["validation_error", point.update] == np.float32(point.validation_error)
        assert values["train_loss", point.update] == np.float32(point.train_loss)
