"""Ctrl-C and its like in real processes: nobody is left, and the same command goes on to the same bits."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fastweights.cli.main import main
from fastweights.training import checkpoint
from processes import all_gone, wait_until, workers_of

# A test run in the background of a shell ignores Ctrl-C, and its children inherit that.
LISTENING = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "signal.signal(signal.SIGHUP, signal.SIG_DFL)"
)
PROGRAM = [sys.executable, "-c", f"{LISTENING}; from fastweights.cli import main; main()"]
OTHERS = [pytest.param(number, marks=pytest.mark.thorough) for number in (signal.SIGTERM, signal.SIGHUP)]
TRAIN = (
    "train --model irnn --hidden-size 3 --num-pairs 1 --batch-size 8 --train-sequences 200 "
    "--validation-sequences 26 --test-sequences 30 --updates 3000 --evaluate-every 20 --out"
).split()


def interrupted(arguments: list[str], ready, how=signal.SIGINT) -> str:
    """Start the command, send the signal to its whole group, as a terminal does, once `ready(process id)`;
    what it says on stderr. SIGTERM goes to the process alone, as `kill` sends it."""
    program = subprocess.Popen(
        [*PROGRAM, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: program.poll() is not None or ready(program.pid), 240)
        workers = workers_of(program.pid)
        (os.kill if how == signal.SIGTERM else os.killpg)(program.pid, how)
        _, said = program.communicate(timeout=60)
    finally:
        program.kill()
    assert program.returncode == 128 + how, said
    assert all_gone(workers)
    assert "Traceback" not in said
    return said


def weights(path: Path) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in checkpoint.load(path)[0].items()}


@pytest.mark.thorough
def test_train_goes_on_to_the_same_bits(tmp_path):
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    partial = parts.with_name("parts.safetensors.partial")
    assert "interrupted" in interrupted([*TRAIN, str(parts)], lambda _: partial.exists())
    assert os.listdir(tmp_path) == [partial.name]
    done = len(checkpoint.load(partial)[1]["curve"])
    assert 0 < done < 150
    for path in (whole, parts):
        subprocess.run([*PROGRAM, *TRAIN, str(path)], check=True, capture_output=True)
    assert weights(parts) == weights(whole)
    curves = [checkpoint.load(path)[1]["outcome"]["curve"] for path in (parts, whole)]
    assert curves[0] == curves[1]
    assert sorted(os.listdir(tmp_path)) == ["parts.safetensors", "whole.safetensors"]


@pytest.mark.thorough
@pytest.mark.parametrize("how", [signal.SIGINT, *OTHERS])
def test_reproduce_stops_goes_on_and_has_nothing_left_to_do(how, tmp_path, capsys):
    """At once: its worker has only just been started."""
    arguments = f"reproduce --preset smoke --models irnn --hidden-sizes 3 --dir {tmp_path}".split()
    said = interrupted(arguments, workers_of, how)
    assert "the same command continues from here" in said
    assert not list(tmp_path.glob("*.html"))

    subprocess.run([*PROGRAM, *arguments], check=True, capture_output=True)
    names = {"results.json", "report.html", "learning-curves.svg", "learning-curves.png"}
    assert names <= set(os.listdir(tmp_path))
    model, *_ = (tmp_path / "runs").iterdir()
    before = model.stat().st_mtime_ns

    with pytest.raises(SystemExit) as end:
        main([*arguments, "--json"])
    out, err = capsys.readouterr()
    assert end.value.code == 0
    assert "1 of 1 runs are finished already" in err
    results = json.loads(out)
    assert results == json.loads((tmp_path / "results.json").read_text())
    assert [(run["id"], run["state"]) for run in results["runs"]] == [(model.stem, "finished")]
    assert model.stat().st_mtime_ns == before


@pytest.mark.thorough
def test_the_second_interrupt_ends_at_once(tmp_path):
    """The first waits for the end of a chunk of 200,000 updates, which takes seconds on any machine."""
    out, partial = tmp_path / "x.safetensors", tmp_path / "x.safetensors.partial"
    arguments = [*TRAIN, str(out), "--updates", "1000000", "--evaluate-every", "200000"]
    program = subprocess.Popen([*PROGRAM, *arguments], stderr=subprocess.PIPE, text=True)
    try:
        wait_until(partial.exists, 240)  # in a test run of this file alone, kernels are built first
        time.sleep(0.5)  # whoever has just saved asks whether a signal was heard, and would end orderly
        program.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            program.wait(0.3)
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=2)
    finally:
        program.kill()
    assert (program.returncode, said.strip()) == (130, "fastweights: interrupted")
    assert os.listdir(tmp_path) == [partial.name]


def test_an_interrupt_while_python_ends_ends_it_at_once():
    """As a second Ctrl-C does while JAX tidies up."""
    tidying = "import atexit, time; atexit.register(lambda: (print('tidying', flush=True), time.sleep(60)))"
    program = subprocess.Popen(
        [*PROGRAM[:2], f"{tidying}; {PROGRAM[2]}", "models"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for line in program.stdout:
            if line == "tidying\n":
                break
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=10)
    finally:
        program.kill()
    assert (program.returncode, said) == (-signal.SIGINT, "")
