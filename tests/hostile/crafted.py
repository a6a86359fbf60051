"""Checkpoints taken apart and put together again by hand, from the format's description alone."""

import json
import math
from hashlib import blake2b
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from fastweights import registry
from fastweights.runs.specification import RunSpecification
from fastweights.tasks.associative_retrieval import AssociativeRetrieval
from fastweights.training import checkpoint

SPECIFICATIONS = [
    RunSpecification(AssociativeRetrieval(num_pairs=1), "irnn", 3),
    RunSpecification(
        AssociativeRetrieval(num_pairs=2),
        "fast-weights",
        4,
        registry.cells["fast-weights"].Options(preliminary_norm="separate"),
    ),
    RunSpecification(AssociativeRetrieval(num_pairs=1), "lstm", 2),
]
OUTCOME = {
    "state": "finished",
    "curve": [[20, 2.25, 0.875, -2.125], [40, 1.5, 0.5, -1.0625]],
    "result": {"test_error": 0.5, "seconds": 1.25},
}
SIZES = {"F64": 8, "F32": 4, "F16": 2, "I64": 8, "I32": 4, "U8": 1, "BOOL": 1}

Header = dict[str, Any]


def save(path: Path, specification: RunSpecification) -> bytes:
    """A model as `worker.run` writes it, with numbers that nobody trained; the file's bytes."""
    about = {"kind": "model", "specification": specification.to_json(), "outcome": OUTCOME}
    # Not `build_model`: JAX would compile a generator for each shape.
    shapes = eqx.filter_eval_shape(specification.build_model)
    random = np.random.default_rng(0)
    arrays = [random.uniform(0, 1, leaf.shape).astype(leaf.dtype) for leaf in jax.tree.leaves(shapes)]
    model = jax.tree.unflatten(jax.tree.structure(shapes), arrays)
    checkpoint.save(path, {"model": model}, about)
    return path.read_bytes()


def take_apart(content: bytes) -> tuple[Header, bytes]:
    """The header, its record parsed too, and the arrays' bytes."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = {key: json.loads(text) for key, text in header.get("__metadata__", {}).items()}
    return header, content[8 + length :]


def put_together(header: Header, data: bytes) -> bytes:
    """The inverse of `take_apart`. Values in the metadata that are strings already are taken as they are."""
    metadata = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in header["__metadata__"].items()
    }
    return with_header(json.dumps({**header, "__metadata__": metadata}).encode(), data)


def with_header(text: bytes, data: bytes = b"") -> bytes:
    """A file with this header."""
    return len(text).to_bytes(8, "little") + text + data


def arrays_of(header: Header) -> dict[str, Any]:
    """The descriptions of the arrays."""
    return {name: entry for name, entry in header.items() if name != "__metadata__"}


def sign(header: Header, data: bytes) -> None:
    """Make the digests right for what the header says, as far as it makes sense."""
    record = header["__metadata__"].get("fastweights")
    if not isinstance(record, dict):
        return
    record["arrays"] = {}
    for name, entry in arrays_of(header).items():
        about = json.dumps([name, entry["dtype"], entry["shape"]])
        begin, end = entry["data_offsets"]
        record["arrays"][name] = digest(about.encode() + b"\n" + data[max(begin, 0) : max(end, 0)])
    record.pop("digest", None)
    record["digest"] = digest(json.dumps(record, sort_keys=True).encode())


def lay_out(arrays: dict[str, tuple[str, list[int], bytes]], record: dict[str, Any]) -> bytes:
    """A signed file with these arrays (type, shape, bytes) and this record."""
    header: Header = {"__metadata__": {"fastweights": record}}
    data = b""
    for name, (kind, shape, content) in arrays.items():
        assert math.prod(shape) * SIZES[kind] == len(content)
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    sign(header, data)
    return put_together(header, data)


def digest(content: bytes) -> str:
    """BLAKE2b of 32 bytes."""
    return blake2b(content, digest_size=32).hexdigest()
