"""Tasks: strings and symbols say the same, splits share no sequence, guessers land on the floor."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from math import perm

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chisquare

from fastweights import registry
from fastweights.cli.sequences import read_lines, write_lines
from fastweights.errors import InvalidValueError
from fastweights.tasks import base
from fastweights.tasks.associative_recall import AssociativeRecall
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.tasks.base import SPLITS, Dataset, Example, Task, integer_type
from fastweights.tasks.parity import Parity
from wide_task import WideTask

FIRST_DIGIT, MARK = 26, 36
TASKS = [registry.tasks[name]() for name in registry.tasks] + [
    AssociativeRetrieval(num_pairs=1),
    AssociativeRetrieval(num_pairs=2),
    AssociativeRetrieval(num_pairs=3, digits="without-replacement"),
    AssociativeRecall(overwriting=True),
    Parity(min_length=40),
]
each_task = pytest.mark.parametrize("task", TASKS, ids=repr)
# A share of all sequences each; two of real vectors are never the same.
each_task_of_symbols = pytest.mark.parametrize(
    "task", [task for task in TASKS if task.num_symbols is not None], ids=repr
)


@pytest.fixture
def small_blocks(monkeypatch):
    """Less is drawn than by users, who get other sequences for a seed; blocks still follow one another."""
    monkeypatch.setattr(base, "_BLOCK_SIZE", 4096)


def rows(dataset: Dataset) -> set[bytes]:
    ends = np.zeros(len(dataset.inputs), int) if dataset.lengths is None else dataset.lengths
    return {bytes([end]) + row.tobytes() for row, end in zip(dataset.inputs, ends, strict=True)}


@each_task
def test_encode_undoes_decode(task, small_blocks):
    data = task.split("train", 50)
    assert data.inputs.shape[:2] == (50, task.length)
    for i, inputs in enumerate(data.inputs):
        sequence = inputs if data.lengths is None else inputs[: data.lengths[i]]
        text = task.decode(sequence)
        np.testing.assert_array_equal(task.encode(text), sequence)
        assert task.decode(task.encode(text)) == text
        asked = task.asked(sequence)
        assert asked is None if data.mask is None else (asked == data.mask[i]).all()
    if task.num_symbols is not None:
        assert data.inputs.min() >= 0 and data.inputs.max() < task.num_symbols
    if task.num_classes is not None:
        assert data.targets.min() >= 0 and data.targets.max() < task.num_classes


@each_task_of_symbols
def test_every_output_has_its_own_name(task):
    """Also where the softmax has as many outputs as there are symbols."""
    names = [task.class_name(i) for i in range(max(task.num_symbols, task.num_classes))]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
@each_task_of_symbols
def test_splits_of_one_seed_share_no_sequence(task, seed, small_blocks):
    train, validation, test = (rows(task.split(name, 1000, seed)) for name in SPLITS)
    assert not train & validation and not train & test and not validation & test
    assert min(map(len, (train, validation, test))) > 1


def test_the_sets_stay_as_they_are():
    """A seed's sets belong to published numbers: no version and no machine may draw others."""
    task = AssociativeRetrieval()
    sets = task.split("train", 100_000, 0), task.split("validation", 10_000, 1), task.split("test", 20_000, 2)
    digests = [sha256(data.inputs.tobytes() + data.targets.tobytes()).hexdigest()[:12] for data in sets]
    assert digests == ["553adb740a38", "135af7eebaff", "41e376155349"]


def test_together_the_splits_hold_every_sequence():
    task = AssociativeRetrieval(num_pairs=1)
    sizes = [len(rows(task.split(name, 5000))) for name in SPLITS]
    assert sum(sizes) == 26 * 10
    assert sizes[0] > sizes[2] > sizes[1]


@each_task
def test_splits_are_reproducible_and_begin_with_the_shorter(task, small_blocks):
    short, long, again = (task.split("test", count, 3) for count in (7, 1000, 1000))
    for a, b, c in zip(*([a for a in data if a is not None] for data in (short, long, again)), strict=True):
        np.testing.assert_array_equal(a, b[:7])
        np.testing.assert_array_equal(b, c)
    assert rows(task.split("test", 7, 4)) != rows(short)


def test_double_precision_elsewhere_does_not_change_the_data():
    task = AssociativeRetrieval(num_pairs=1)
    data = task.split("train", 100)
    with jax.enable_x64(True):
        np.testing.assert_array_equal(task.split("train", 100).inputs, data.inputs)


def test_a_split_may_be_longer_than_one_block(monkeypatch):
    task = AssociativeRetrieval(num_pairs=1)
    monkeypatch.setattr(base, "_BLOCK_SIZE", 512)
    data = task.split("validation", 300)
    assert len(data.inputs) == len(data.targets) == 300
    np.testing.assert_array_equal(data.inputs[:5], task.split("validation", 5).inputs)


@pytest.mark.parametrize(
    ("count", "bits"), [(1, 8), (37, 8), (128, 8), (129, 16), (200, 16), (32_768, 16), (32_769, 32)]
)
def test_the_integer_type_is_the_smallest_that_holds_the_largest_symbol(count, bits):
    kind = integer_type(count)
    assert (kind.kind, 8 * kind.itemsize) == ("i", bits)
    assert np.array(count - 1).astype(kind) == count - 1


def test_200_symbols_and_classes_come_through_a_split():
    data = WideTask().split("train", 3000)
    assert data.inputs.dtype == data.targets.dtype == np.int16
    np.testing.assert_array_equal(data.targets, data.inputs[:, 0])
    assert (data.inputs.min(), data.inputs.max()) == (0, 199)
    assert len(set(data.targets)) == 200
    assert AssociativeRetrieval().split("train", 1).inputs.dtype == np.int8


def test_a_task_that_draws_a_symbol_it_does_not_have_is_refused():
    @dataclass(frozen=True)
    class Narrow(WideTask):
        num_symbols = 199

    with pytest.raises(InvalidValueError, match="drew the symbol 199; expected 0 to 198"):
        Narrow().split("train", 3000)


@dataclass(frozen=True)
class Drawn(WideTask):
    """A task that draws what a test says."""

    drawn: Callable = Example

    def sample(self, key):
        inputs = jax.random.randint(key, (2,), 0, 200)
        return self.drawn(inputs)


def test_what_stands_where_nothing_is_asked_is_0():
    def draw(inputs):
        return Example(inputs, 199 - inputs, jnp.array([True, False]), lengths=jnp.array(1))

    data = Drawn(draw).split("train", 40)
    assert not data.inputs[:, 1].any() and not data.targets[:, 1].any()
    np.testing.assert_array_equal(data.targets[:, 0], 199 - data.inputs[:, 0].astype(int))
    np.testing.assert_array_equal(data.mask, [[True, False]] * 40)
    np.testing.assert_array_equal(data.lengths, [1] * 40)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (
            lambda x: Example(x[:1], x[0]),
            r"must give inputs of shape \(2,\), integer; got int32 of shape \(1,\)",
        ),
        (lambda x: Example(x / 2, x[0]), r"must give inputs of shape \(2,\), integer; got float32"),
        (lambda x: Example(x, x), r"must give targets of shape \(\), integer; got int32 of shape \(2,\)"),
        (lambda x: Example(x, x / 2, x > 3), r"must give targets of shape \(2,\), integer; got float32"),
        (lambda x: Example(x, x[0], x > 3), r"must give targets of shape \(2,\), integer"),
        (lambda x: Example(x, x, x), r"must give mask of shape \(2,\), bool; got int32"),
        (lambda x: Example(x, x[0], lengths=x), r"must give lengths of shape \(\), integer"),
        (lambda x: Example(x, x[0], lengths=x[1] * 0), "drew the length 0; expected 1 to 2"),
        (lambda x: Example(x, x[0], lengths=x[1] * 0 + 3), "drew the length 3; expected 1 to 2"),
        (lambda x: Example(x, x, x >= 0, x[1] * 0 + 1), "asked for an answer after a sequence's end"),
        (lambda x: Example(x, 200 + x[0]), r"drew the class 2\d\d; expected 0 to 199"),
    ],
)
def test_what_is_no_example_is_refused(draw, message):
    with pytest.raises(InvalidValueError, match=message):
        Drawn(draw).split("train", 10)


@dataclass(frozen=True)
class Vectors(Task):
    """Two vectors of three channels; the answers are twice as large."""

    num_symbols = num_classes = None
    length: int = 2
    factor: float = 2.0

    def sample(self, key):
        inputs = jax.random.normal(key, (self.length, 3))
        return Example(inputs, self.factor * inputs, jnp.ones(self.length, bool))

    def floor(self):
        return 4.0


def test_real_vectors_are_drawn_by_a_key_of_each_split():
    sets = [Vectors().split(name, 3000) for name in SPLITS]
    for data in sets:
        assert data.inputs.dtype == data.targets.dtype == np.float32
        assert data.inputs.shape == data.targets.shape == (3000, 2, 3)
        np.testing.assert_array_equal(data.targets, 2 * data.inputs)
    assert len(set.union(*map(rows, sets))) == 9000


def test_real_vectors_are_finite_and_have_channels():
    with pytest.raises(InvalidValueError, match="drew a number that is not finite"):
        Vectors(factor=math.inf).split("test", 5)

    class Flat(Vectors):
        def sample(self, key):
            return Example(jnp.zeros(2), jnp.zeros(3))

    with pytest.raises(
        InvalidValueError, match=r"inputs of shape \(2, 'channels'\), floating; got float32 of"
    ):
        Flat().split("test", 5)


@pytest.mark.parametrize(
    ("task", "text", "message"),
    [
        (Vectors(), "1:2:3", "expected 2 steps; got 1 in '1:2:3'"),
        (Vectors(), "1:2:3,4:5", "expected vectors of 3 numbers such as 0.5:0.5:0.5, with commas"),
        (Vectors(), "1:2:3,4:5:nan", "expected vectors"),
        (Vectors(), "1:2:3,4:5:1e99", "expected smaller numbers"),
        (Vectors(), "", "expected vectors"),
        (AssociativeRecall(length=4, num_pairs=1), "1,2,3", "expected 4 steps; got 3"),
        (AssociativeRecall(length=4, num_pairs=1), "1,2,3,8192", "expected symbols from 0 to 8191"),
        (AssociativeRecall(length=4, num_pairs=1), "1,2,3,-1", "expected symbols from 0 to 8191"),
        (AssociativeRecall(length=4, num_pairs=1), "1,2,3,0.5", "expected symbols from 0 to 8191"),
        (AssociativeRecall(length=4, num_pairs=1), "1, 2,3,4", "expected symbols, with commas"),
        (AssociativeRecall(length=4, num_pairs=1), "1,2,3,٤", "expected symbols, with commas"),
    ],
)
def test_what_is_no_sequence_of_numbers_is_refused(task, text, message):
    with pytest.raises(InvalidValueError, match=message):
        task.encode(text)


@pytest.mark.parametrize(
    ("name", "count", "seed", "message"),
    [
        ("dev", 1, 0, "train, validation, test; got 'dev'"),
        ("train", -1, 0, "got -1"),
        ("train", 1, -1, "got -1"),
        ("train", 1, 2**32, "got 4294967296"),
    ],
)
def test_splits_that_cannot_be_are_refused(name, count, seed, message):
    with pytest.raises(InvalidValueError, match=message):
        AssociativeRetrieval().split(name, count, seed)


def is_uniform(values, cells: int) -> bool:
    """Chi-square, at one in a thousand; the seeds are fixed."""
    return chisquare(np.bincount(values, minlength=cells)).pvalue > 1e-3


@pytest.mark.parametrize(("num_pairs", "digits"), [(4, "with-replacement"), (3, "without-replacement")])
def test_every_part_of_a_sequence_is_uniform(num_pairs, digits):
    task = AssociativeRetrieval(num_pairs, digits=digits)
    data = task.split("train", 60_000)
    symbols = data.inputs.astype(int)
    letters, values = symbols[:, :-3:2], symbols[:, 1:-3:2] - FIRST_DIGIT
    assert (symbols[:, -3:-1] == MARK).all()
    assert (np.diff(np.sort(letters, axis=1), axis=1) > 0).all()
    for place in range(num_pairs):
        assert is_uniform(letters[:, place], 26)
        assert is_uniform(values[:, place], 10)
    asked = (letters == symbols[:, -1:]).argmax(axis=1)
    assert is_uniform(asked, num_pairs)
    assert is_uniform(data.targets, 10)
    # Ordered pairs: 26 · 25 of letters; 10 · 10 or 10 · 9 of digits.
    of_letters = np.bincount(letters[:, 0] * 26 + letters[:, 2], minlength=26 * 26)
    assert chisquare(of_letters[~np.eye(26, dtype=bool).ravel()]).pvalue > 1e-3
    of_digits = np.bincount(values[:, 0] * 10 + values[:, 2], minlength=100)
    same = np.eye(10, dtype=bool).ravel()
    if digits == "with-replacement":
        assert chisquare(of_digits).pvalue > 1e-3
    else:
        assert not of_digits[same].any() and chisquare(of_digits[~same]).pvalue > 1e-3


@pytest.mark.parametrize(
    ("num_pairs", "percent"), [(2, 45.00), (3, 57.00), (4, 61.65), (5, 64.24), (6, 66.34), (8, 70.01)]
)
def test_floor_has_the_published_values(num_pairs, percent):
    assert round(100 * AssociativeRetrieval(num_pairs).floor(), 2) == percent


@pytest.mark.parametrize("num_pairs", [1, 2, 7, 10])
def test_floor_without_replacement(num_pairs):
    floor = AssociativeRetrieval(num_pairs, digits="without-replacement").floor()
    assert floor == pytest.approx(1 - 1 / num_pairs, abs=1e-15)


@pytest.mark.parametrize(
    ("num_pairs", "digits"),
    [(2, "with-replacement"), (4, "with-replacement"), (8, "with-replacement"), (3, "without-replacement")],
)
def test_the_best_guesser_lands_on_the_floor_and_an_oracle_on_zero(num_pairs, digits):
    task, count = AssociativeRetrieval(num_pairs, digits=digits), 20_000
    data = task.split("test", count)
    symbols = data.inputs.astype(int)
    values = symbols[:, 1 : 2 * num_pairs : 2] - FIRST_DIGIT
    # The digits, but not their letters: any of the most frequent is as good as another.
    guess = np.array([np.bincount(row, minlength=10).argmax() for row in values])
    error, floor = (guess != data.targets).mean(), task.floor()
    # Drawn from a split that was itself drawn: two variances.
    of_digits = 10**num_pairs if digits == "with-replacement" else perm(10, num_pairs)
    population = perm(26, num_pairs) * of_digits * num_pairs * 2 / 13
    assert abs(error - floor) < 3 * np.sqrt(floor * (1 - floor) * (1 / count + 1 / population))
    # The letters too.
    asked = (symbols[:, 0 : 2 * num_pairs : 2] == symbols[:, -1:]).argmax(axis=1)
    assert (values[np.arange(count), asked] == data.targets).all()
    for inputs, target in zip(data.inputs[:100], data.targets[:100], strict=True):
        assert task.answer(task.decode(inputs)) == target
        assert task.class_name(int(target)) == str(target)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "C9K8J3F1??C",
        "c9k8j3f1??C",
        "c9k8j3f1??",
        "c9k8j3f??c",
        "c9k8j3??c",
        "c9k8j3f1a2??c",
        "c9k8c3f1??c",
        "c9k8j3f1?c",
        "c9k8j3f1c",
        "c9k8j3f1??a",
        "c9k8j3f1??c\n",
        " c9k8j3f1??c",
        "c٩k8j3f1??c",
        "é9k8j3f1??é",
        "??c",
        "c9" * 500_000,
        "c9" * 500_000 + "??c",
        "x" * 1_000_000,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_is_no_sequence_is_refused_in_one_short_line(text):
    with pytest.raises(InvalidValueError, match=r"expected|occurs in no pair") as raised:
        AssociativeRetrieval().encode(text)
    message = str(raised.value)
    assert len(message) < 200 and "\n" not in message
    assert text[:10].strip() in message


def test_repeated_digits_are_refused_where_they_cannot_occur():
    task = AssociativeRetrieval(num_pairs=2, digits="without-replacement")
    with pytest.raises(InvalidValueError, match="different digits; got 'a1b1\\?\\?a'"):
        task.encode("a1b1??a")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_pairs": 0}, "between 1 and 26; got 0"),
        ({"num_pairs": 27}, "between 1 and 26; got 27"),
        ({"num_pairs": 11, "digits": "without-replacement"}, "between 1 and 10 .*; got 11"),
        ({"digits": "twice"}, "with-replacement, without-replacement; got 'twice'"),
    ],
)
def test_tasks_that_cannot_be_are_refused(options, message):
    with pytest.raises(InvalidValueError, match=message):
        AssociativeRetrieval(**options)


def test_a_task_too_small_to_split_says_so(monkeypatch):
    """As if no sequence had fallen to the validation set."""
    monkeypatch.setattr(base, "_BLOCK_SIZE", 512)
    monkeypatch.setattr(base, "_MAX_EXTRA_BLOCKS", 3)
    monkeypatch.setitem(base._SHARES, "validation", range(13, 14))
    with pytest.raises(InvalidValueError, match="too few sequences to draw 1"):
        AssociativeRetrieval(num_pairs=1).split("validation", 1)


def test_the_longest_sequence_can_be_drawn():
    example = jax.jit(AssociativeRetrieval(num_pairs=26).sample)(jax.random.key(0))
    assert set(np.asarray(example.inputs[:52:2])) == set(range(26))


def test_200_symbols_and_classes_come_through_a_file(tmp_path):
    task = WideTask()
    data, path = task.split("test", 500), tmp_path / "sequences"
    path.write_text(write_lines(task, data))
    (read,) = read_lines(task, path)
    np.testing.assert_array_equal(read.inputs, data.inputs)
    np.testing.assert_array_equal(read.targets, data.targets)
