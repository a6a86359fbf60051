"""The statements of the theory, each with the name under which `fastweights verify` computes it."""

from collections.abc import Mapping, Sequence

from fastweights import registry


def checks() -> Sequence[Mapping[str, str]]:
    """Name, chapter, statement and source, by chapter."""
    found = [
        {
            "name": name,
            "chapter": check.__module__.split(".")[-2].replace("_", " "),
            "statement": check.statement,
            "source": registry.checks.source(name),
        }
        for name, check in registry.checks.items()
    ]
    return sorted(found, key=lambda check: (check["chapter"], check["name"]))
