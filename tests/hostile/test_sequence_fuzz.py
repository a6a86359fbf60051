"""Mutated lines of sequences: accepted only if a parser written here, from the task's description, agrees."""

import os
import time
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import pytest

from fastweights.cli.sequences import read_lines
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.tasks.base import Dataset
from hostile.border import attempt
from hostile.mutations import BYTES

SEED = int(os.environ.get("FASTWEIGHTS_FUZZ_SEED", "0"))
TASKS = [
    AssociativeRetrieval(num_pairs=1),
    AssociativeRetrieval(num_pairs=2),
    AssociativeRetrieval(num_pairs=4),
    AssociativeRetrieval(num_pairs=10, digits="without-replacement"),
]
ALPHABET = b"abcdefghijklmnopqrstuvwxyz0123456789?"


def parse_question(line: bytes, task: AssociativeRetrieval) -> list[int] | None:
    """K pairs of a letter and a digit, ??, one of the letters; None if it is not so."""
    if len(line) != 2 * task.num_pairs + 3 or line[-3:-1] != b"??":
        return None
    pairs = [line[i : i + 2] for i in range(0, len(line) - 3, 2)]
    letters, digits = {pair[:1] for pair in pairs}, {pair[1:] for pair in pairs}
    if not letters <= {bytes([code]) for code in ALPHABET[:26]} or len(letters) < task.num_pairs:
        return None
    if not digits <= {bytes([code]) for code in ALPHABET[26:36]} or line[-1:] not in letters:
        return None
    if task.digits == "without-replacement" and len(digits) < task.num_pairs:
        return None
    return [ALPHABET.index(bytes([code])) for code in line]


def parse_file(content: bytes, task: AssociativeRetrieval) -> list[tuple[list[int], int]] | None:
    """The sequences of a whole file; None if it must be refused."""
    pairs = []
    for line in content.split(b"\n"):
        if not line.strip(b" \t\r\n\x0b\x0c"):
            continue
        line = line[:-1] if line.endswith(b"\r") else line
        symbols = parse_question(line[:-2], task)
        if symbols is None or line[-2:-1] != b" " or line[-1] not in ALPHABET[26:36]:
            return None
        pairs.append((symbols, line[-1] - ord("0")))
    return pairs or None


def line_of(task: AssociativeRetrieval, random: Random) -> bytes:
    """A line as it should be."""
    letters = random.sample("abcdefghijklmnopqrstuvwxyz", task.num_pairs)
    draw = (
        random.sample
        if task.digits == "without-replacement"
        else lambda digits, k: random.choices(digits, k=k)
    )
    digits = draw("0123456789", task.num_pairs)
    place = random.randrange(task.num_pairs)
    pairs = "".join(map("".join, zip(letters, digits, strict=True)))
    return f"{pairs}??{letters[place]} {digits[place]}\n".encode()


def read_all(task: AssociativeRetrieval, path: Path) -> list[Dataset]:
    return list(read_lines(task, path))


def mutate(line: bytes, random: Random, others: list[bytes]) -> bytes:
    """Bytes changed as anywhere, or symbols by symbols: those come closer to being accepted."""
    if random.random() < 0.4:
        return random.choice(BYTES)(line, random, others)
    changed = bytearray(line)
    for _ in range(random.choice((1, 1, 2))):
        place = random.randrange(len(changed))
        changed[place] = random.choice(ALPHABET + b" \r\n\0\xb9")
    return bytes(changed)


def fuzz(path: Path, count: int, seed: int) -> Counter:
    """Half of the lines by `encode`, the others in files of one to three."""
    random, counts = Random(seed), Counter()
    lines = {task: [line_of(task, random) for _ in range(200)] for task in TASKS}
    others = [line for group in lines.values() for line in group]
    done = 0
    while done < count:
        task = random.choice(TASKS)
        if random.random() < 0.5:
            text = mutate(random.choice(lines[task])[:-3], random, others).decode("latin-1")
            symbols = attempt(partial(task.encode, text))
            expected = parse_question(text.encode("utf-8"), task)
            assert (symbols is None) == (expected is None), (seed, text)
            assert symbols is None or symbols.tolist() == expected, (seed, text)
            done += 1
            verdict = "refused" if symbols is None else "accepted"
            counts["question", verdict] += 1
            continue
        mutated = [
            mutate(random.choice(lines[task]), random, others) for _ in range(random.choice((1, 1, 3)))
        ]
        content = b"".join(mutated)
        path.write_bytes(content)
        read = attempt(partial(read_all, task, path))
        expected = parse_file(content, task)
        assert (read is None) == (expected is None), (seed, content)
        if read is not None:
            assert np.concatenate([part.inputs for part in read]).tolist() == [pair[0] for pair in expected]
            assert np.concatenate([part.targets for part in read]).tolist() == [pair[1] for pair in expected]
        done += len(mutated)
        counts["file", "refused" if read is None else "accepted"] += 1
    return counts


def test_mutated_lines(tmp_path):
    counts = fuzz(tmp_path / "lines", 3_000, SEED)
    assert min(counts.values()) > 50 and len(counts) == 4, counts


@pytest.mark.slow
def test_a_hundred_thousand_mutated_lines(tmp_path, capsys):
    started = time.monotonic()
    counts = fuzz(tmp_path / "lines", 100_000, SEED + 1)
    with capsys.disabled():
        print(f"\nseed {SEED + 1}: {time.monotonic() - started:.0f} s, {dict(counts)}")
