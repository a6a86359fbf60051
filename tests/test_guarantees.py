"""The page of guarantees names tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")


def test_each_promise_names_a_test_that_is_there():
    rows = [line for line in PAGE.splitlines() if line.startswith("|") and not line.startswith("|---")]
    promises = [row for row in rows if not row.endswith("| test |")]
    assert len(promises) > 30
    for promise in promises:
        named = re.search(r"`(tests/\S+\.py)::(test_\w+)` \|$", promise)
        assert named, f"no test is named in {promise}"
        file, name = named.groups()
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, named[0]
