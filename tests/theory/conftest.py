"""What the chapters' tests share: by default a check must hold, and must fail in one way."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a file in which a false statement fails is a default one; the others are thorough."""
    seen = set()
    for item in items:
        if "/theory/" in item.nodeid and "fails" in item.name:
            if item.path in seen:
                item.add_marker(pytest.mark.thorough)
            seen.add(item.path)
