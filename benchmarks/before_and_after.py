"""Whether a change makes training faster or slower: this checkout beside another one.

    git worktree add ../before COMMIT
    python benchmarks/before_and_after.py ../before [--models lstm] [--hidden-sizes 50] [--rounds 30]

For each model and size, a process of each checkout has the same data and weights. They take turns, in an
order that is reversed every second round: some tenth of a second of updates (associative retrieval, K = 4,
batches of 128); the drawing of 20,000 sequences; an evaluation on them. Seconds are those of the processor,
on one thread; a ratio is the median over rounds, after / before, with the range of its middle half. Prints a
Markdown table.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parents[1]
QUICK = {"models": "irnn,lstm,fast-weights", "hidden_sizes": "20,50,100"}
WORK = ("update", "sampling", "evaluation")
SECONDS = 0.15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path, help="the other checkout")
    parser.add_argument("--models", default=QUICK["models"])
    parser.add_argument("--hidden-sizes", default=QUICK["hidden_sizes"])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(*arguments.serve.split(":"))
        return
    heads = [heading for work in WORK for heading in (f"{work}, ms", "after / before", "middle half")]
    print(f"| model | R | {' | '.join(heads)} |\n| :--- |{' ---: |' * (1 + len(heads))}", flush=True)
    for model in arguments.models.split(","):
        for size in arguments.hidden_sizes.split(","):
            columns = compare((arguments.before, HERE), f"{model}:{size}", arguments.rounds)
            print(f"| {model} | {size} | {' | '.join(columns)} |", flush=True)


def compare(checkouts: tuple[Path, Path], case: str, rounds: int) -> list[str]:
    """The cells of a row."""
    processes = [start(checkout, case) for checkout in checkouts]
    columns = []
    for work in WORK:
        times = []
        for i in range(rounds + 1):
            pair = [ask(process, work) for process in processes[:: (-1) ** i]]
            times.append(pair[:: (-1) ** i])
        ratios = [after / before for before, after in times[1:]]  # the first round warms up
        low, middle, high = statistics.quantiles(ratios, n=4)
        before = statistics.median(before for before, _ in times[1:])
        columns += [f"{1e3 * before:.3g}", f"{middle:.3f}", f"{low:.3f}–{high:.3f}"]
    for process in processes:
        process.stdin.close()
        process.wait()
    return columns


def start(checkout: Path, case: str) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(checkout.resolve() / "src")}
    command = [sys.executable, __file__, ".", "--serve", case]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, text=True, bufsize=1, **pipes)


def ask(process: subprocess.Popen, work: str) -> float:
    """Seconds of the processor."""
    process.stdin.write(f"{work}\n")
    return json.loads(process.stdout.readline())


def serve(model: str, size: str) -> None:
    """Do the work that standard input names, and print the seconds that it took."""
    from fastweights.runs import worker

    worker.use_one_thread()
    import fastweights as fw
    from fastweights.bench import baselines
    from fastweights.bench.cases import Case
    from fastweights.bench.inputs import make_inputs, specification

    case = Case(model, int(size))
    trainer, run = baselines.prepare("fastweights", case, make_inputs(case)), specification(case)
    network, data = run.build_model(), worker.dataset(run, "train")
    updates = calibrated(trainer)

    def update() -> float:
        began = time.process_time()
        trainer.advance(updates)
        return (time.process_time() - began) / updates

    def sampling() -> float:
        began = time.process_time()
        run.task.split("train", 20_000, seed=3)
        return time.process_time() - began

    def evaluation() -> float:
        began = time.process_time()
        fw.evaluate(network, data)
        return time.process_time() - began

    for line in sys.stdin:
        print(json.dumps({"update": update, "sampling": sampling, "evaluation": evaluation}[line.strip()]()))
        sys.stdout.flush()


def calibrated(trainer) -> int:
    """The number of updates that take about `SECONDS`."""
    trainer.advance(1)
    updates = 1
    while True:
        trainer.advance(updates)  # compiles
        began = time.process_time()
        trainer.advance(updates)
        if (seconds := time.process_time() - began) >= SECONDS / 2:
            return max(1, round(updates * SECONDS / seconds))
        updates *= 2


if __name__ == "__main__":
    main()
