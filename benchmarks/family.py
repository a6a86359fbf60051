"""How fast a memory over whole sequences is, beside PyTorch: the gated delta rule, forward and backward.

    .venv/bin/python benchmarks/family.py [--shapes 64x64x128,64x256x32] [--forms kernel,chunks] [--rounds 9]
    .venv/bin/python benchmarks/family.py --forms steps,chunks --rule additive
    .venv/bin/python benchmarks/family.py --lengths 256,1024,10000,100000 [--size 64]

A shape is size of keys and values × time × batch, with one head, in float32 on one thread. A form takes
queries, keys, values, write rates β and decays a, and gives the gradient for all of them:

    S ← a S + β (v − a S k) kᵀ,   y = S q

With --rule, it is another rule, by JAX's forms alone: `delta`, without the decay; `delta-of-units`, with one
of each unit of the key; `additive`, S ← S + v kᵀ; `additive-of-units`, that after such decays.

`torch-loop` is that in PyTorch, step by step; `torch-chunks` is in chunks of 64 steps, all that does not
depend on S for all chunks at once; with `-compiled`, these are given to torch.compile, which unrolls the loop
over steps or chunks: a loop of 64 steps takes it minutes. `kernel`, `chunks`, `steps` are those of
`fw.unroll_memory`; `steps` is a plain scan in JAX. All agree in their gradients before they are timed. They
take turns, and every second round goes backwards; seconds are those of the processor. A ratio is the median
over rounds of seconds / seconds of the first form. A form is left out (–) beyond the steps of --longest.

Rates are of the multiplications and additions of the gated delta rule, 7 d² a step forward and 15 d²
backward, where backward is the time of the gradient less that of the outputs alone; other rules have none.
The peak is that of a matrix product by NumPy or JAX, measured in every round. With --lengths, a step of the
kernel for each length, over 100,000 steps in all, and the MiB that a gradient takes beside its arguments and
results. Prints Markdown tables.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from fastweights.runs import worker

SHAPES = "64x64x128,64x256x32,64x1024x8,32x64x128"
FORMS = "kernel,chunks,steps,torch-loop,torch-chunks"  # torch.compile takes minutes a shape
LONGEST = "torch-loop-compiled=64,torch-chunks-compiled=1024"
STEPS = 100_000
CHUNK = 64
PRODUCT = 768
GATED_DELTA = "gated-delta"
# What is given to `Write`: key, value, decay, lookup.
RULES = {
    GATED_DELTA: lambda k, v, rates, a: (scaled(k, rates), v, a, scaled(k, a)),
    "delta": lambda k, v, rates, a: (scaled(k, rates), v, None, k),
    "delta-of-units": lambda k, v, rates, a: (scaled(k, rates), v, of_units(k, a), of_units(k, a) * k),
    "additive": lambda k, v, rates, a: (k, v),
    "additive-of-units": lambda k, v, rates, a: (k, v, of_units(k, a)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", default=SHAPES)
    parser.add_argument("--forms", default=FORMS)
    parser.add_argument("--longest", default=LONGEST, help="steps beyond which a form is left out")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rule", default=GATED_DELTA, choices=RULES)
    parser.add_argument("--lengths", default="", help="measure these lengths, by the kernel, instead")
    parser.add_argument("--size", type=int, default=64)
    arguments = parser.parse_args()
    worker.use_one_thread()
    if arguments.lengths:
        every = list(map(int, arguments.lengths.split(",")))
        lengths(arguments.size, arguments.rule, every, arguments.rounds)
        return
    forms = arguments.forms.split(",")
    if arguments.rule != GATED_DELTA and "torch" in arguments.forms:
        parser.error(
            f"PyTorch's forms are of {GATED_DELTA} alone; got {arguments.rule} and {arguments.forms}"
        )
    longest = {form: int(steps) for form, steps in (pair.split("=") for pair in arguments.longest.split(","))}
    heads = "".join(f" | {form}, ms | times {forms[0]}" for form in forms[1:])
    print(f"| d, T, batch | {forms[0]}, ms{heads} | forward, GFLOP/s | backward | peak |")
    print(f"| :--- |{' ---: |' * (2 * len(forms) + 2)}", flush=True)
    for shape in arguments.shapes.split(","):
        compare(tuple(map(int, shape.split("x"))), arguments.rule, forms, longest, arguments.rounds)


def compare(
    shape: tuple[int, int, int], rule: str, forms: list[str], longest: dict[str, int], rounds: int
) -> None:
    """Print a line of the table."""
    size, length, batch = shape
    given, weights = numbers(shape)
    short = [form for form in forms if length <= longest.get(form, length)]
    programs = {form: gradient(form, rule, given, weights) for form in short}
    expected = [np.asarray(a) for a in programs[forms[0]]()]
    for form, program in programs.items():
        for actual, array in zip(program(), expected, strict=True):
            assert np.max(np.abs(np.asarray(actual) - array)) <= 1e-3 * np.max(np.abs(array)), form
    programs["outputs"] = outputs(forms[0], rule, given)
    programs |= {"numpy": product(np.asarray), "jax": product(on_device)}
    seconds = in_turn(programs, rounds)
    first = seconds[forms[0]]
    columns = [f"{1e3 * statistics.median(first):.3g}"]
    for form in forms[1:]:
        if form not in short:
            columns += ["–", "–"]
            continue
        ratio = statistics.median(b / a for a, b in zip(first, seconds[form], strict=True))
        columns += [f"{1e3 * statistics.median(seconds[form]):.3g}", f"{ratio:.1f}"]
    forward, whole = min(seconds["outputs"]), min(first)
    operations = size**2 * length * batch * 1e-9
    peak = 2e-9 * PRODUCT**3 / min(seconds["numpy"] + seconds["jax"])
    rates = [f"{7 * operations / forward:.0f}", f"{15 * operations / (whole - forward):.0f}"]
    columns += [*(rates if rule == GATED_DELTA else ["–", "–"]), f"{peak:.0f}"]
    print(f"| {size}, {length}, {batch} | {' | '.join(columns)} |", flush=True)


def lengths(size: int, rule: str, every: list[int], rounds: int) -> None:
    """Print the table of lengths."""
    programs, memory = {}, {}
    for length in every:
        given, weights = numbers((size, length, max(1, STEPS // length)))
        compiled = jax_gradient("kernel", rule).lower(given, weights).compile()
        memory[length] = compiled.memory_analysis().temp_size_in_bytes / 2**20
        programs[length] = ready(compiled, given, weights)
    seconds = in_turn(programs, rounds)
    a_step = {n: [s / n / max(1, STEPS // n) for s in seconds[n]] for n in every}
    print("| T | batch | µs a step | times the first | MiB |\n| ---: | ---: | ---: | ---: | ---: |")
    for n in every:
        ratio = statistics.median(b / a for a, b in zip(a_step[every[0]], a_step[n], strict=True))
        median = 1e6 * statistics.median(a_step[n])
        print(f"| {n:,} | {max(1, STEPS // n)} | {median:.2f} | {ratio:.2f} | {memory[n]:.0f} |")


def in_turn(programs: dict, rounds: int) -> dict:
    """Seconds of the processor, for each program and round; a program that is short runs several times."""
    counts = {}
    for name, program in programs.items():
        program()
        began = time.process_time()
        program()
        counts[name] = max(1, min(100, int(0.1 / max(1e-9, time.process_time() - began))))
    seconds = {name: [] for name in programs}
    for i in range(rounds):
        for name in list(programs)[:: (-1) ** i]:
            began = time.process_time()
            for _ in range(counts[name]):
                programs[name]()
            seconds[name].append((time.process_time() - began) / counts[name])
    return seconds


def numbers(shape: tuple[int, int, int]):
    """Queries, keys, values, write rates and decays, and weights of the outputs."""
    size, length, batch = shape
    rng = np.random.default_rng(0)
    q, k, v, weights = rng.standard_normal((4, batch, length, size)).astype(np.float32)
    k /= np.linalg.norm(k, axis=-1, keepdims=True)
    rates, decays = rng.uniform(0.1, 1, (2, batch, length, 1)).astype(np.float32)
    return (q, k, v, rates, 0.9 + 0.1 * decays), weights


def gradient(form: str, rule: str, given, weights) -> Callable:
    if form.startswith("torch"):
        function = torch_loop if form.startswith("torch-loop") else torch_chunks
        return torch_gradient(function, given, weights, form.endswith("-compiled"))
    return ready(jax_gradient(form, rule), given, weights)


def outputs(form: str, rule: str, given) -> Callable:
    import jax

    return ready(jax.jit(lambda given: unroll(form, rule, *given)), given)


def ready(function: Callable, *arguments) -> Callable:
    import jax

    on_device = jax.tree.map(jax.numpy.asarray, arguments)
    return lambda: jax.block_until_ready(function(*on_device))


def jax_gradient(form: str, rule: str):
    import jax
    import jax.numpy as jnp

    return jax.jit(jax.grad(lambda given, weights: jnp.vdot(unroll(form, rule, *given), weights)))


def scaled(k, numbers):
    import jax.numpy as jnp

    # As products of matrices: XLA's sums over the units take ten times as long for one long sequence,
    # and with the axis of the head too, which therefore comes last.
    return jnp.einsum("btk,bt->btk", k, numbers[..., 0])


def of_units(k, decays):
    return decays * np.linspace(0.9, 1, k.shape[-1], dtype=np.float32)


def unroll(form, rule, q, k, v, rates, decays):
    import fastweights as fw

    parts = RULES[rule](k, v, rates, decays)
    write = fw.Write(*(None if a is None else a[:, :, None] for a in parts))
    return fw.unroll_memory(q[:, :, None], write, form=form)[0][:, :, 0]


def on_device(array):
    import jax

    return jax.numpy.asarray(array)


def product(kind: Callable) -> Callable:
    a = kind(np.random.default_rng(0).standard_normal((PRODUCT, PRODUCT), np.float32))
    return lambda: np.asarray(a @ a)


def torch_gradient(function: Callable, given, weights, compiled: bool) -> Callable:
    import torch

    torch.set_num_threads(1)
    function = torch.compile(function) if compiled else function
    leaves = [torch.from_numpy(a).requires_grad_() for a in given]
    weights = torch.from_numpy(weights)

    def run():
        return torch.autograd.grad((function(*leaves) * weights).sum(), leaves)

    return run


def torch_loop(q, k, v, rates, decays):
    import torch

    batch, _, size = q.shape
    state, read = torch.zeros(batch, size, size), []
    for query, key, value, rate, a in zip(*(x.unbind(1) for x in (q, k, v, rates, decays)), strict=True):
        state = a[..., None] * state
        error = rate * (value - torch.bmm(state, key[..., None])[..., 0])
        state = torch.baddbmm(state, error[..., None], key[:, None])
        read.append(torch.bmm(state, query[..., None])[..., 0])
    return torch.stack(read, 1)


def torch_chunks(q, k, v, rates, decays):
    """With b(t, i) = exp(Σ_{i < j <= t} log a_j): errors = (I + tril(β K Kᵀ b))⁻¹ (β V − β b K Sᵀ)."""
    import torch

    batch, length, size = q.shape
    q, k, v, rates, decays = (x.view(batch, length // CHUNK, CHUNK, -1) for x in (q, k, v, rates, decays))
    logs = decays.log().cumsum(2)
    since = (logs - logs.mT).tril().exp().tril()
    system = torch.eye(CHUNK) + (rates * (k @ k.mT) * since).tril(-1)
    both = torch.cat([rates * v, rates * logs.exp() * k], -1)
    own, of_state = torch.linalg.solve_triangular(system, both, upper=False, unitriangular=True).split(
        size, -1
    )
    scores, queries, keys = (q @ k.mT) * since, q * logs.exp(), k * (logs[:, :, -1:] - logs).exp()
    last = logs[:, :, -1:].exp()
    state, read = torch.zeros(batch, size, size), []
    for i in range(length // CHUNK):
        errors = own[:, i] - of_state[:, i] @ state.mT
        read.append(queries[:, i] @ state.mT + scores[:, i] @ errors)
        state = last[:, i] * state + errors.mT @ keys[:, i]
    return torch.cat(read, 1)


if __name__ == "__main__":
    main()
