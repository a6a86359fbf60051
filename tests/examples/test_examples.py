"""The examples: each does what its docstring says."""

import csv
import itertools
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def output(*command: str) -> str:
    """What a command prints."""
    finished = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=240, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


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
    }


def test_first_steps():
    text = output(str(EXAMPLES / "first_steps.py"))
    assert number(r"test error ([\d.]+) %", text) < 1.5
    assert "guessing: 61.65 %" in text
    assert "c9k8j3f1??c → 9" in text


def test_memory_capacity():
    rows = [line.split() for line in output(str(EXAMPLES / "memory_capacity.py")).splitlines()[1:]]
    errors = {int(pairs): list(map(float, row)) for pairs, *row in rows}
    assert list(errors) == [4, 8, 16, 32, 64]
    for pairs, (hebb, decaying, delta, best) in errors.items():
        assert hebb == pytest.approx((pairs - 1) / 32, rel=0.05)
        assert decaying < 1
        assert delta < hebb
        assert best < 5e-3 if pairs <= 32 else best > 0.4


def test_optax_loop():
    text = output(str(EXAMPLES / "optax_loop.py"))
    assert number(r"validation error ([\d.]+) %", text) < 10
    assert "λ = 0.90 and η = 0.50" in text


def test_the_cell_is_a_model_everywhere(tmp_path):
    plugin, model = ("--plugin", str(EXAMPLES / "mgu.py")), str(tmp_path / "mgu.safetensors")
    run = ("-m", "fastweights")
    sizes = ("--train-sequences", "2000", "--validation-sequences", "500", "--test-sequences", "500")
    train = ("--model", "mgu", "--hidden-size", "8", "--updates", "40", "--evaluate-every", "20", *sizes)
    assert "\nmgu\n" in output(*run, "models", *plugin)
    assert f"wrote {model}" in output(*run, "train", *plugin, *train, "--out", model)
    assert "on 500 sequences" in output(*run, "evaluate", *plugin, model)


def test_a_write_rule_of_ones_own(tmp_path):
    """The implicit step is where its objective is least; the cell trains, and its kernel is the package's."""
    code = (
        "import jax, jax.numpy as jnp, numpy as np, fastweights as fw\n"
        f"fw.load_plugin({str(EXAMPLES / 'implicit_delta_rule.py')!r})\n"
        "from fastweights import registry\n"
        "Cell = registry.cells['implicit-deltanet']\n"
        "cell = Cell(3, 4, options=Cell.Options(heads=2, convolution=0), key=jax.random.key(0))\n"
        "x = jax.random.normal(jax.random.key(1), (7, 3))\n"
        "_, state = cell.unroll(x)\n"
        "projection = cell.project(x[0])\n"
        "_, write = cell.vectors(projection)\n"
        "new = cell.step(state, projection)[0].memory\n"
        "key, value = write.lookup[0], write.value[0]\n"
        "rate = jax.nn.softplus(cell.parts(projection).write_rate)\n"
        "def objective(S):\n"
        "    wrong = value - jnp.matvec(S, key)\n"
        "    return 0.5 * jnp.sum((S - state.memory) ** 2) + 0.5 * jnp.sum(rate[:, None] * wrong**2)\n"
        "print('gradient', float(jnp.max(jnp.abs(jax.grad(objective)(new)))))\n"
        "steps = cell.initial_state()\n"
        "for one in x: steps, _ = cell(steps, one)\n"
        "print('steps', float(jnp.max(jnp.abs(steps.memory - state.memory))))\n"
    )
    text = output("-c", code)
    assert number(r"gradient ([\d.e-]+)", text) < 1e-5
    assert number(r"steps ([\d.e-]+)", text) < 1e-5


@pytest.mark.thorough
def test_many_pairs_is_a_study(tmp_path):
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
    run, folder = ("-m", "fastweights"), str(tmp_path / "many-pairs")
    said = output(*run, "study", "run", str(tmp_path / "many_pairs.toml"), "--dir", folder)
    assert "num_pairs 8" in said and "num_pairs 12" in said
    output(*run, "report", folder, "--into", str(tmp_path / "table.csv"))
    rows = list(csv.DictReader((tmp_path / "table.csv").open()))
    assert [(row["num_pairs"], row["model"], row["seeds"]) for row in rows] == [
        (pairs, model, "2") for pairs in ("8", "12") for model in ("lstm", "fast-weights", "mgu")
    ]
    assert {row["chosen"] for row in rows} <= {"learning_rate 0.001", "learning_rate 0.002"}
    output(*run, "report", folder, "--into", str(tmp_path / "table.tex"))
    assert (tmp_path / "table.tex").read_text().count("mgu") == 2


def test_the_documentation_shows_many_pairs_as_it_is():
    shown = re.findall(r"```toml\n(.*?)```", (EXAMPLES.parent / "docs" / "studies.md").read_text(), re.DOTALL)
    assert tomllib.loads(shown[0]) == tomllib.loads((EXAMPLES / "many_pairs.toml").read_text())


def test_permutations_are_a_task_everywhere(tmp_path):
    plugin, run = ("--plugin", str(EXAMPLES / "permutations.py")), ("-m", "fastweights")
    of_length = ("--task", "permutations", "--length", "12")
    lines = output(*run, "data", *plugin, *of_length, "--count", "5", "--split", "test").splitlines()
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
    text = output(*run, "train", *plugin, *of_length, *brief, "--model", "lstm", *out)
    assert "on 6,000 answers" in text and "guessing floor 76.39 %" in text
