"""The examples: each does what its docstring says."""

import csv
import itertools
import re
import runpy
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

import fastweights as fw
from fastweights import registry
from fastweights.cli.main import main
from plugins.isolation import nothing_loaded

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def alone():
    """Programs and commands run in this process; what they register is forgotten."""
    with nothing_loaded():
        yield


@pytest.fixture
def printed(capsys) -> Callable[[str], str]:
    """What an example prints."""

    def run(name: str) -> str:
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        return capsys.readouterr().out

    return run


@pytest.fixture
def output(capsys) -> Callable[..., str]:
    """What a command prints."""

    def run(*words: str) -> str:
        with nothing_loaded(), pytest.raises(SystemExit) as end:
            main(list(words))
        out, err = capsys.readouterr()
        assert end.value.code == 0, err
        return out

    return run


def number(pattern: str, text: str) -> float:
    """The number that a pattern's group matches in the text."""
    match = re.search(pattern, text)
    assert match, text
    return float(match[1])


def test_they_are_these():
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names == {
        "first_steps",
        "implicit_delta_rule",
        "memory_capacity",
        "mgu",
        "optax_loop",
        "permutations",
        "pytorch_retrieval",  # tests/pytorch
    }


@pytest.mark.thorough
def test_first_steps(printed):
    text = printed("first_steps")
    assert number(r"test error ([\d.]+) %", text) < 1.5
    assert "guessing: 61.65 %" in text
    assert "c9k8j3f1??c → 9" in text


@pytest.mark.thorough
@pytest.mark.usefixtures("optimised")
def test_memory_capacity(printed):
    rows = [line.split() for line in printed("memory_capacity").splitlines()[1:]]
    errors = {int(pairs): list(map(float, row)) for pairs, *row in rows}
    assert list(errors) == [4, 8, 16, 32, 64]
    for pairs, (hebb, decaying, delta, best) in errors.items():
        assert hebb == pytest.approx((pairs - 1) / 32, rel=0.05)
        assert decaying < 1
        assert delta < hebb
        assert best < 5e-3 if pairs <= 32 else best > 0.4


@pytest.mark.thorough
def test_optax_loop(printed):
    text = printed("optax_loop")
    assert number(r"validation error ([\d.]+) %", text) < 10
    assert "λ = 0.90 and η = 0.50" in text


@pytest.mark.thorough
def test_the_cell_is_a_model_everywhere(output, tmp_path):
    plugin, model = ("--plugin", str(EXAMPLES / "mgu.py")), str(tmp_path / "mgu.safetensors")
    sizes = ("--train-sequences", "2000", "--validation-sequences", "500", "--test-sequences", "500")
    train = ("--model", "mgu", "--hidden-size", "8", "--updates", "40", "--evaluate-every", "20", *sizes)
    assert "\nmgu\n" in output("models", *plugin)
    assert f"wrote {model}" in output("train", *plugin, *train, "--out", model)
    assert "on 500 sequences" in output("evaluate", *plugin, model)


def test_a_write_rule_of_ones_own():
    """The implicit step is where its objective is least; the cell trains, and its kernel is the package's."""
    fw.load_plugin(EXAMPLES / "implicit_delta_rule.py")
    cell_class = registry.cells["implicit-deltanet"]
    options = cell_class.Options(heads=2, convolution=0)
    cell = cell_class(3, 4, options=options, key=jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (7, 3))
    _, state = cell.unroll(x)
    projection = cell.project(x[0])
    _, write = cell.vectors(projection)
    new = cell.step(state, projection)[0].memory
    key, value = write.lookup[0], write.value[0]
    rate = jax.nn.softplus(cell.parts(projection).write_rate)

    def objective(memory):
        wrong = value - jnp.matvec(memory, key)
        return 0.5 * jnp.sum((memory - state.memory) ** 2) + 0.5 * jnp.sum(rate[:, None] * wrong**2)

    assert jnp.max(jnp.abs(jax.grad(objective)(new))) < 1e-5
    steps = cell.initial_state()
    for one in x:
        steps, _ = cell(steps, one)
    assert jnp.max(jnp.abs(steps.memory - state.memory)) < 1e-5


@pytest.mark.thorough
def test_many_pairs_is_a_study(output, tmp_path):
    """In short: few updates, small sets, one seed; the rest is as it stands."""
    text = (EXAMPLES / "many_pairs.toml").read_text()
    for long, short in (
        ("hidden_size = 50", "hidden_size = 4\ndata = { train = 1000, validation = 200, test = 200 }"),
        ("seeds = [10, 11, 12, 13, 14]", "seeds = [10, 11]"),
        ("updates = 10_000", "updates = 20\nevaluate_every = 10"),
        ("[1e-3, 2e-3, 4e-3]", "[1e-3, 2e-3]"),
    ):
        assert text.count(long) == 1
        text = text.replace(long, short)
    (tmp_path / "many_pairs.toml").write_text(text)
    shutil.copy(EXAMPLES / "mgu.py", tmp_path)
    folder = str(tmp_path / "many-pairs")
    said = output("study", "run", str(tmp_path / "many_pairs.toml"), "--dir", folder)
    assert "num_pairs 8" in said and "num_pairs 12" in said
    output("report", folder, "--into", str(tmp_path / "table.csv"))
    rows = list(csv.DictReader((tmp_path / "table.csv").open()))
    assert [(row["num_pairs"], row["model"], row["seeds"]) for row in rows] == [
        (pairs, model, "2") for pairs in ("8", "12") for model in ("lstm", "fast-weights", "mgu")
    ]
    assert {row["chosen"] for row in rows} <= {"learning_rate 0.001", "learning_rate 0.002"}
    output("report", folder, "--into", str(tmp_path / "table.tex"))
    assert (tmp_path / "table.tex").read_text().count("mgu") == 2


def test_the_documentation_shows_many_pairs_as_it_is():
    shown = re.findall(r"```toml\n(.*?)```", (EXAMPLES.parent / "docs" / "studies.md").read_text(), re.DOTALL)
    assert tomllib.loads(shown[0]) == tomllib.loads((EXAMPLES / "many_pairs.toml").read_text())


@pytest.mark.thorough
def test_permutations_are_a_task_everywhere(output, tmp_path):
    plugin = ("--plugin", str(EXAMPLES / "permutations.py"))
    of_length = ("--task", "permutations", "--length", "12")
    lines = output("data", *plugin, *of_length, "--count", "5", "--split", "test").splitlines()
    assert len(lines) == 5
    orders = list(itertools.permutations(range(3)))
    for line in lines:
        symbols, answers = (list(map(int, part.split(","))) for part in line.split())
        now = (0, 1, 2)
        for symbol, answer in zip(symbols, answers, strict=True):
            now = tuple(now[i] for i in orders[symbol])
            assert orders[answer] == now
    sizes = ("--train-sequences", "2000", "--validation-sequences", "500", "--test-sequences", "500")
    brief = ("--hidden-size", "8", "--updates", "40", "--evaluate-every", "20", *sizes)
    out = ("--out", str(tmp_path / "permutations.safetensors"))
    text = output("train", *plugin, *of_length, *brief, "--model", "lstm", *out)
    assert "on 6,000 answers" in text and "guessing floor 76.39 %" in text
