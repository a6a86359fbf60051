"""The examples in docstrings run, and show what they say."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["cells.base", "models.parameters"])
def test_examples(module):
    result = doctest.testmod(importlib.import_module(f"fastweights.{module}"))
    assert result.attempted > 0
    assert result.failed == 0
