"""Who imports what: neither framework waits for the other."""

import subprocess
import sys


def run(program: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )


def test_the_modules_import_no_jax_and_compute_without():
    done = run(
        "import sys, torch, fastweights.torch as ft\n"
        "for module in ft.MODULES.values(): module(4, 6)(torch.randn(3, 2, 4))\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('jax', 'jaxlib', 'equinox')])"
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_package_imports_no_pytorch():
    done = run(
        "import sys, fastweights as fw\n"
        "for name in dir(fw): getattr(fw, name)\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] == 'torch'))"
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_without_pytorch_the_error_names_the_extra():
    done = run("import sys; sys.modules['torch'] = None; import fastweights.torch")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ImportError: fastweights.torch needs PyTorch, which fastweights[torch] installs"
    )
