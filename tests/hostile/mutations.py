"""One engine of mutations, from a seeded generator: of bytes, and of what a checkpoint's header says."""

import copy
import json
from collections.abc import Callable, Sequence
from random import Random

import numpy as np

from hostile.crafted import SPECIFICATIONS, Header, arrays_of, put_together, sign, take_apart

NASTY_NAMES = [
    "../../x",
    "/etc/passwd",
    "a\0b",
    "\x1b[31mred\x1b[0m\x07",
    "two\nlines",
    "\u202efdp.exe",
    "\ud800",
    "x" * 5000,
    "",
    "__class__",
    "__metadata__",
    "model.cell.recurrent\n",
]
NASTY_VALUES = [
    *(None, True, [], {}, "", 0, -1, 1, 2, 7, 2**31, 2**63, 10**400, -(10**400)),
    *(float("nan"), float("inf"), 1e300, 1e-300, 0.5, "__import__('os').system('touch owned')"),
    *("irnn", "lstm", "fast-weights", *NASTY_NAMES),
]


def nasty(random: Random) -> object:
    """A value that has no business where it comes."""
    return copy.deepcopy(random.choice(NASTY_VALUES))


def truncate(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def flip_bits(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 8))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def splice(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """The beginning of one, the end of another."""
    other = random.choice(others)
    return content[: random.randrange(len(content) + 1)] + other[random.randrange(len(other) + 1) :]


def insert(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.randbytes(random.choice((1, 1, 2, 8, 100))) + content[place:]


def delete(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    start, end = _range(content, random)
    return content[:start] + content[end:]


def duplicate(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    start, end = _range(content, random)
    return content[:end] + content[start:end] + content[end:]


def overwrite(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    start, end = _range(content, random)
    filling = random.choice((b"\0", b"\xff", b" ", b"{", b"["))
    return content[:start] + filling * (end - start) + content[end:]


def _range(content: bytes, random: Random) -> tuple[int, int]:
    start = random.randrange(len(content) + 1)
    return start, min(len(content), start + random.choice((1, 1, 2, 4, 8, 64, 512)))


BYTES: list[Callable[[bytes, Random, Sequence[bytes]], bytes]] = [
    *(truncate, flip_bits, splice, insert, delete, duplicate, overwrite)
]


def change_length(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Another length of the header: near the right one, or enormous."""
    length = int.from_bytes(content[:8], "little")
    near = length + random.randrange(-9, 10)
    length = random.choice((near, near, 0, 1, len(content), 2**24, 2**31, 2**40, 2**63, 2**64 - 1))
    return (length % 2**64).to_bytes(8, "little") + content[8:]


def edit_entry(header: Header, data: bytearray, random: Random) -> None:
    """Another type, shape or place of an array."""
    entry = header[random.choice(list(arrays_of(header)))]
    key = random.choice(list(entry))
    if key == "dtype":
        entry[key] = random.choice(("F64", "F16", "I32", "U8", "BF16", "F4", "I32\n", 3, None))
    elif random.random() < 0.3:
        entry[key] = nasty(random)
    elif entry[key]:
        place = random.randrange(len(entry[key]))
        change = random.choice((1, -1, 4, -4, 2**62, -(2**62), 0.5))
        entry[key][place] = random.choice((entry[key][place] + change, nasty(random)))
    if key == "shape" and random.random() < 0.5:
        axes = entry[key] if isinstance(entry[key], list) else []
        entry[key] = random.choice((axes[::-1], [1, *axes], [1] * 100))


def edit_names(header: Header, data: bytearray, random: Random) -> None:
    """An array renamed, dropped, or added."""
    name = random.choice(list(arrays_of(header)))
    action = random.choice(("rename", "drop", "add", "exchange"))
    if action == "rename":
        header[random.choice(NASTY_NAMES[:-2])] = header.pop(name)
    elif action == "drop":
        del header[name]
    elif action == "add":
        end = len(data)
        header[random.choice(NASTY_NAMES[:-2])] = {"dtype": "F32", "shape": [0], "data_offsets": [end, end]}
    else:
        other = random.choice(list(arrays_of(header)))
        header[name], header[other] = header[other], header[name]


def edit_record(header: Header, data: bytearray, random: Random) -> None:
    """Another value somewhere in the record: format, kind, specification, outcome, a digest."""
    place = header["__metadata__"]["fastweights"]
    while True:
        key = random.choice(list(place))
        if isinstance(place[key], dict) and place[key] and random.random() < 0.9:
            place = place[key]
            continue
        break
    action = random.random()
    if action < 0.6:
        place[key] = random.choice((*NASTY_VALUES, random.randrange(100)))
    elif action < 0.8:
        del place[key]
    else:
        place[random.choice(NASTY_NAMES)] = nasty(random)


def edit_metadata(header: Header, data: bytearray, random: Random) -> None:
    """The record under another name, beside another, or not JSON."""
    metadata = header["__metadata__"]
    action = random.choice(("rename", "add", "text"))
    if action == "rename":
        metadata[random.choice(("format", "Fastweights", *NASTY_NAMES))] = metadata.pop("fastweights")
    elif action == "add":
        metadata[random.choice(NASTY_NAMES)] = random.choice(("", "{}", "pt"))
    else:
        metadata["fastweights"] = random.choice(("", "[" * 5000, '{"a":' * 5000, "3", '"x"', "\ud800", "[1]"))


def edit_numbers(header: Header, data: bytearray, random: Random) -> None:
    """Weights that are not numbers, infinite, huge, or only others."""
    numbers = np.frombuffer(data, "<f4")
    values = (np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45, 0.25)
    numbers[random.randrange(len(numbers))] = random.choice(values)


def another_specification(header: Header, data: bytearray, random: Random) -> None:
    """The specification of another model, or of another size."""
    record = header["__metadata__"]["fastweights"]
    if random.random() < 0.5:
        record["specification"] = random.choice(SPECIFICATIONS).to_json()
    else:
        record["specification"]["model"]["hidden_size"] = random.choice((1, 2, 3, 4, 5, 10_000, 10**9))


HEADERS: list[Callable[[Header, bytearray, Random], None]] = [
    *(edit_entry, edit_names, edit_record, edit_metadata, edit_numbers, another_specification)
]


def damage(content: bytes, random: Random, others: Sequence[bytes]) -> tuple[str, bytes]:
    """A mutation as accidents make them: the digests stay as they were."""
    for _ in range(100):
        mutation = random.choice((*BYTES, change_length, *HEADERS))
        if mutation in HEADERS:
            header, data = take_apart(content)
            data = bytearray(data)
            mutation(header, data, random)
            changed = put_together(header, bytes(data))
        else:
            changed = mutation(content, random, others)
        if changed != content:
            return mutation.__name__, changed
    raise AssertionError("no mutation changes anything")


def forge(content: bytes, random: Random) -> tuple[str, bytes]:
    """A mutation by somebody who knows the format: the digests fit what is there now."""
    header, data = take_apart(content)
    data, names = bytearray(data), []
    for _ in range(random.choice((1, 1, 2))):
        mutation = random.choice(HEADERS)
        before = copy.deepcopy(header)
        try:
            mutation(header, data, random)
            sign(header, bytes(data))
        except (LookupError, TypeError, ValueError):
            header = before  # nothing is left here that could be changed or signed so
        names.append(mutation.__name__)
    text = put_together(header, bytes(data))
    if random.random() < 0.1:
        text = _twice(text)
        names.append("twice")
    return "+".join(names), text


def _twice(content: bytes) -> bytes:
    """The first key of the header occurs twice."""
    length = int.from_bytes(content[:8], "little")
    text = content[8 : 8 + length]
    first = json.loads(text)
    name = next(iter(first))
    text = b"{" + json.dumps(name).encode() + b":" + json.dumps(first[name]).encode() + b"," + text[1:]
    return len(text).to_bytes(8, "little") + text + content[8 + length :]
