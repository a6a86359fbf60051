"""Mutated checkpoints: refused in one line, or what was saved; forged ones: refused, or what they say.

python -m pytest tests/hostile -m slow           # 10,000 checkpoints, 100,000 lines
FASTWEIGHTS_FUZZ_SEED=7 python -m pytest ...     # others
"""

import json
import os
import resource
import time
from collections import Counter
from pathlib import Path
from random import Random

import jax
import numpy as np
import pytest
import safetensors.numpy

import fastweights as fw
from hostile.border import attempt
from hostile.crafted import SPECIFICATIONS, save
from hostile.mutations import damage, forge

SEED = int(os.environ.get("FASTWEIGHTS_FUZZ_SEED", "0"))


@pytest.fixture(scope="module")
def contents(tmp_path_factory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("saved")
    return [save(folder / specification.model, specification) for specification in SPECIFICATIONS]


def meaning(loaded) -> tuple:
    """All that a loaded model is, to the last bit."""
    specification, model, outcome = loaded
    leaves = jax.tree_util.tree_leaves_with_path(model)
    weights = {
        jax.tree_util.keystr(where, simple=True, separator="."): np.asarray(leaf) for where, leaf in leaves
    }
    bits = {name: (str(a.dtype), a.shape, a.tobytes()) for name, a in weights.items()}
    return specification.to_json(), bits, outcome


def said(content: bytes) -> tuple:
    """What a file says, read by the safetensors library and Python's JSON."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    record = json.loads(header["__metadata__"]["fastweights"])
    arrays = safetensors.numpy.load(content)
    assert all(np.isfinite(array).all() for array in arrays.values())
    bits = {name.removeprefix("model."): (str(a.dtype), a.shape, a.tobytes()) for name, a in arrays.items()}
    assert record["kind"] == "model" and record["format"] == 2
    return record["specification"], bits, record.get("outcome", {})


def fuzz(path: Path, contents: list[bytes], damaged: int, forged: int, seed: int) -> Counter:
    random = Random(seed)
    originals = []
    for content in contents:
        path.write_bytes(content)
        originals.append(meaning(fw.load_model(path)))
        assert originals[-1] == said(content)
    counts = Counter()
    for number in range(damaged + forged):
        kind = "damaged" if number < damaged else "forged"
        place = random.randrange(len(contents))
        if kind == "damaged":
            name, content = damage(contents[place], random, contents)
        else:
            name, content = forge(contents[place], random)
        path.write_bytes(content)
        try:
            loaded = attempt(lambda: fw.load_model(path))
            if loaded is not None:
                # A splice of two files may be the whole other one.
                expected = originals if kind == "damaged" else [said(content)]
                assert meaning(loaded) in expected
        except BaseException as error:
            error.add_note(f"{kind} {number} of seed {seed}: {name}")
            raise
        counts[kind, "refused" if loaded is None else "accepted"] += 1
        counts[name, "refused" if loaded is None else "accepted"] += 1
    return counts


def test_mutated_checkpoints(contents, tmp_path):
    counts = fuzz(tmp_path / "m", contents, 200, 100, SEED)
    assert counts["damaged", "refused"] > 180
    assert counts["forged", "accepted"] > 0  # other weights, signed: another model


@pytest.mark.slow
def test_ten_thousand_mutated_checkpoints(contents, tmp_path, capsys):
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts = fuzz(tmp_path / "m", contents, 7_000, 3_000, SEED + 1)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    with capsys.disabled():
        print(f"\nseed {SEED + 1}: {time.monotonic() - started:.0f} s, memory grew by {grown / 1024:.0f} MiB")
        for (name, verdict), count in sorted(counts.items()):
            print(f"{name:45} {verdict:8} {count}")
    assert grown < 300 * 1024
