"""A process that forgets what a test has loaded and registered."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fastweights import plugins, registry

REGISTRIES = (
    registry.cells,
    registry.memories,
    registry.tasks,
    registry.checks,
    registry.demos,
    registry.papers,
)


@contextmanager
def nothing_loaded() -> Iterator[None]:
    """Within it no plugin is loaded at first; after it everything is as it was before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugins, "_loaded", {})
        for entries in REGISTRIES:
            len(entries)
            ours = {name: e for name, e in entries._entries.items() if e.module.startswith("fastweights.")}
            patch.setattr(entries, "_entries", ours)
        yield
    for name in list(sys.modules):
        if name.startswith(("fastweights_plugin_", "my_package")):
            del sys.modules[name]
