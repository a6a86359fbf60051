"""Looking at results, or for help, starts at once: nothing here waits for JAX."""

import pkgutil
import subprocess
import sys

import fastweights.report
from processes import slow_imports


def test_report_and_statistics_import_without_jax() -> None:
    modules = [
        f"fastweights.report.{each.name}" for each in pkgutil.iter_modules(fastweights.report.__path__)
    ]
    assert "fastweights.report.page" in modules
    code = (
        f"import sys, {', '.join(modules)}, fastweights.studies.analysis.settings\n"
        "print(*[name for name in ('jax', 'matplotlib', 'jinja2', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_overview_imports_neither_jax_nor_numpy() -> None:
    _, imported = slow_imports(("jax", "numpy", "optuna", "tyro", "matplotlib"), "--help")
    assert not imported
