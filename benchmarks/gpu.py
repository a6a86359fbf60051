"""What holds on a GPU, and how fast many runs side by side are there.

    python benchmarks/gpu.py [--out results/gpu/NAME.md] [--runs 1,64,1024] [--hidden-size 50] [--updates 200]

Prints a Markdown page: the device and the versions; whether the contract tests of cells and memories pass
there; and for each number of runs side by side, of fast weights on associative retrieval (K = 4, mini-batches
of 128), the time that compiling and that an update of all runs takes. Needs the package, pytest and beartype;
on an NVIDIA H200 it is meant to end within eight minutes, of which the tests may take four.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONTRACTS = ("tests/contracts/test_cells.py", "tests/contracts/test_every_memory.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="write the page here as well")
    parser.add_argument("--runs", default="1,64,1024", help="numbers of runs side by side")
    parser.add_argument("--hidden-size", type=int, default=50)
    parser.add_argument("--updates", type=int, default=200, help="updates that are timed")
    parser.add_argument("--test-seconds", type=int, default=240, help="0 leaves the tests out")
    arguments = parser.parse_args()
    os.environ.setdefault("JAX_DEFAULT_MATMUL_PRECISION", "highest")  # not in ten bits of mantissa

    import jax

    device = jax.devices()[0]
    lines = [
        f"# {device.device_kind}",
        "",
        f"{time.strftime('%Y-%m-%d')}, JAX {jax.__version__} on {device.platform}, "
        f"Python {platform.python_version()}",
        "",
    ]
    if arguments.test_seconds:
        lines += [f"Contract tests: {contract_tests(arguments.test_seconds)}", ""]
    lines += [
        f"Fast weights, R = {arguments.hidden_size}, K = 4, mini-batches of 128, float32:",
        "",
        "| runs | compiling, s | update of all runs, ms | updates of single runs a second |",
        "| ---: | ---: | ---: | ---: |",
    ]
    for runs in map(int, arguments.runs.split(",")):
        compiling, update = timed(runs, arguments.hidden_size, arguments.updates)
        lines.append(f"| {runs:,} | {compiling:.1f} | {1e3 * update:.2f} | {runs / update:,.0f} |")
        print(lines[-1], file=sys.stderr, flush=True)
    page = "\n".join(lines)
    print(page)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(f"{page}\n")


def contract_tests(seconds: int) -> str:
    """The last line of pytest, or that it took too long."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-x", *CONTRACTS]
    try:
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        passed = (error.stdout or b"").decode().count(".")
        return f"not done after {seconds} s, {passed} passed"
    return ended.stdout.strip().splitlines()[-1] if ended.stdout.strip() else ended.stderr.strip()[-300:]


def timed(runs: int, hidden_size: int, updates: int) -> tuple[float, float]:
    """Seconds of the first chunk of updates less those of the second; and of one update in the second."""
    import jax

    import fastweights as fw

    task = fw.AssociativeRetrieval(num_pairs=4)
    data, validation = task.split("train", 10_000), task.split("validation", 256)
    options = fw.TrainingOptions(updates=3 * updates, evaluate_every=updates)
    fits = [fw.init(model(fw, task, hidden_size, jax.random.key(seed)), options) for seed in range(runs)]
    began, seconds = time.perf_counter(), []
    every = {"options": [options] * runs, "seeds": range(runs)}
    for _ in fw.train_batched(fits, data, validation, **every):
        seconds.append(time.perf_counter() - began)
        began = time.perf_counter()
    best = min(seconds[1:])
    return seconds[0] - best, best / updates


def model(fw, task, hidden_size, key):
    import jax

    cell_key, key = jax.random.split(key)
    cell = fw.FastWeights(hidden_size, hidden_size, key=cell_key)
    return fw.SequenceClassifier(cell, task.num_symbols, task.num_classes, key=key)


if __name__ == "__main__":
    main()
