"""Hostile input through the commands: exit code 2, one line on stderr, nothing on stdout, nothing written."""

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastweights.cli.main import main
from hostile.border import within
from hostile.crafted import SPECIFICATIONS, arrays_of, lay_out, save, take_apart
from hostile.mutations import damage, forge

IRNN, FAST, _ = SPECIFICATIONS


@pytest.fixture(scope="module", autouse=True)
def without_kernels():
    """Compiling them takes longer than all tests here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTWEIGHTS_NATIVE", "0")
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    save(folder / "irnn", IRNN)
    save(folder / "fast", FAST)
    for name in ("irnn", "fast"):
        arrays, data = take_apart((folder / name).read_bytes())
        record = arrays["__metadata__"]["fastweights"]
        laid_out = {
            key: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
            for key, entry in arrays_of(arrays).items()
        }
        kind, shape, content = laid_out["model.cell.input"]
        huge = np.full(len(content) // 4, 3e38, "<f4").tobytes()
        laid_out["model.cell.input"] = (kind, shape, huge)
        kind, shape, content = laid_out["model.readout.output.0"]
        laid_out["model.readout.output.0"] = (kind, shape, np.full(len(content) // 4, 3e38, "<f4").tobytes())
        (folder / f"{name}-huge").write_bytes(lay_out(laid_out, record))
    (folder / "lines").write_text("a1??a 1\n")
    (folder / "long").write_bytes(b"x" * 10**6)
    os.mkfifo(folder / "pipe")
    return folder


def written(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def check_refusal(code: object, out: str, err: str) -> None:
    assert (code, out) == (2, ""), (code, out, err)
    assert err.startswith("fastweights: error: ") and err.endswith("\n")
    assert err[:-1].isprintable() and len(err) < 2000


def refused(arguments: list[str], capsys) -> str:
    with within(60), pytest.raises(SystemExit) as end:
        main(arguments)
    out, err = capsys.readouterr()
    check_refusal(end.value.code, out, err)
    return err


BAD = [
    ("train --hidden-size 1e3", "1e3"),
    ("train --hidden-size 0x10", "0x10"),
    ("train --hidden-size=", "--hidden-size"),
    ("train --hidden-size " + "9" * 5000, "--hidden-size"),
    ("train --hidden-size 9999999999999999999999", "between 1 and 10,000"),
    ("train --hidden-size 50 --hidden-size 0", "got 0"),
    ("train --hidden-size ５００００", "got 50000"),
    ("train --model lstm --hidden-size 10000", "GiB of memory"),
    ("train --updates 2147483648", "between 1 and 2,147,483,647"),
    ("train --updates 2147483647 --evaluate-every 2147483647", "GiB of memory"),
    ("train --updates 100000 --evaluate-every 1", "at most 50,000 times evaluate_every"),
    ("train --batch-size 1000000", "GiB of memory"),
    ("train --batch-size 100000000000", "between 1 and 1,000,000"),
    ("train --readout-size 10000000", "between 0 and 10,000"),
    ("train --inner-steps 1000000", "between 0 and 100"),
    ("train --learning-rate 1e400", "finite; got inf"),
    ("train --learning-rate 1e-400", "positive"),
    ("train --write-rate 1e39", "between 0 and 1e+30"),
    ("train --norm-bias nan", "norm_bias"),
    ("train --embedding-scale 1e308", "embedding_scale"),
    ("train --seed 4294967296", "seed"),
    ("train --seed -9223372036854775809", "seed"),
    ("train --train-sequences 10000001", "between 1 and 10,000,000"),
    ("train --mod irnn", "--mod"),
    ("train --model irnn --model lstm --recurrent-scale 1", "--recurrent-scale"),
    ("train --out=", "it is a folder"),
    ("train --out {folder}/pipe", "it is not a file"),
    ("data --count 99999999999999999999", "count"),
    ("data --seed 4294967296", "seed"),
    ("evaluate {folder}/pipe", "it is not a file"),
    ("evaluate /dev/zero", "it is not a file"),
    ("evaluate /proc/self/mem", "cannot read"),
    ("evaluate {folder}/irnn --sequences {folder}/pipe", "it is not a file"),
    ("evaluate {folder}/irnn --sequences /dev/zero", "it is not a file"),
    ("evaluate {folder}/irnn --sequences {folder}/long", "more than 1,000 characters"),
    ("evaluate {folder}/irnn --sequences {folder}/irnn", "line 1"),
    ("evaluate {folder}/irnn-huge --sequences {folder}/lines", "not finite"),
    ("answer {folder}/irnn-huge a1??a", "not a finite number"),
    ("answer {folder}/fast-huge a1b2??a", "finite"),
    ("answer {folder}/irnn " + "a1" * 50_000, "expected letter-digit pairs"),
    ("answer {folder}/irnn a\x1b[31m1??a", "expected letter-digit pairs"),
    ("answer {folder}/irnn a1??a\udcff", "expected letter-digit pairs"),
    ("\x1b[2J", "unknown command '\\x1b[2J'"),
    ("x" * 100_000, "unknown command"),
]


@pytest.mark.parametrize(("line", "words"), BAD, ids=lambda text: ascii(text[:60]))
def test_bad_input(line, words, folder, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = written(folder)
    assert words in refused([word.format(folder=folder) for word in line.split(" ")], capsys)
    assert not written(tmp_path)
    assert written(folder) == before


NAMES = ["\x1b[31mred\x07", "two\nlines", "\u202etxt", "\udcff", "x" * 300, "x" * 10_000, "a/../b"]


@pytest.mark.parametrize("name", NAMES, ids=lambda text: ascii(text[:20]))
def test_names_of_files_reach_the_terminal_safely(name, folder, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(["evaluate", name], capsys)
    refused(["evaluate", str(folder / "irnn"), "--sequences", name], capsys)
    refused(["train", "--out", f"{name}/m"], capsys)
    if len(name) < 100:
        (tmp_path / "a").mkdir()
        (tmp_path / name).write_text("no sequence")
        assert "line 1" in refused(["evaluate", str(folder / "irnn"), "--sequences", name], capsys)
        refused(["evaluate", name], capsys)


@pytest.mark.parametrize("seed", range(24))
def test_mutated_models(seed, folder, capsys, tmp_path, monkeypatch):
    """Through the command; what is still accepted is the fuzzer's to judge."""
    monkeypatch.chdir(tmp_path)
    random, good = Random(seed), (folder / "irnn").read_bytes()
    content = damage(good, random, [good])[1] if seed % 2 else forge(good, random)[1]
    (tmp_path / "m").write_bytes(content)
    with within(60), pytest.raises(SystemExit) as end:
        main(["answer", "m", "a1??a"])
    out, err = capsys.readouterr()
    if end.value.code != 0:
        check_refusal(end.value.code, out, err)
    assert written(tmp_path) == {"m": content} or written(tmp_path) == {str(tmp_path / "m"): content}


OPTIONS = [
    "--hidden-size",
    "--updates",
    "--decay",
    "--batch-size",
    "--norm",
    "--seed",
    "--num-pairs",
    "--model",
]
VALUES = st.one_of(st.integers().map(str), st.floats().map(str), st.text(max_size=10))


@given(options=st.lists(st.tuples(st.sampled_from(OPTIONS), VALUES), max_size=4))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_options(options, capsys, tmp_path, monkeypatch):
    """With an output that is refused last, so that no run begins."""
    monkeypatch.chdir(tmp_path)
    arguments = [part for pair in options for part in pair if "\0" not in part and "--help" not in part]
    refused(["train", *arguments, "--out", "/dev/null"], capsys)
    assert not written(tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [["evaluate", "{folder}/pipe"], ["train", "--updates", "1e9"]],
    ids=" ".join,
)
def test_as_a_process(arguments, folder, tmp_path):
    command = [sys.executable, "-c", "from fastweights.cli import main; main()"]
    command += [word.format(folder=folder) for word in arguments]
    end = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    check_refusal(end.returncode, end.stdout, end.stderr)
    assert not written(tmp_path)
