"""Who imports what: neither framework waits for the other."""

import subprocess
import sys

import pytest


def run(program: str) -> subprocess.CompletedProcess:
    # The first of them may have to build the kernels, beside other work.
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=600, check=False
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


WORKERS = """
import torch
from fastweights.torch import FastWeights

class Outputs(torch.utils.data.Dataset):
    # What a module puts out, computed in the loader's workers, which are forked after kernels have run.
    def __len__(self):
        return 6

    def __getitem__(self, i):
        with torch.no_grad():
            return layer(inputs[i])[0]

if __name__ == "__main__":
    layer, inputs = FastWeights(3, 20), torch.randn(6, 9, 33, 3)
    expected = [Outputs()[i] for i in range(6)]
    loader = torch.utils.data.DataLoader(
        Outputs(), num_workers=2, batch_size=None, multiprocessing_context="fork"
    )
    print([torch.equal(a, b) for a, b in zip(loader, expected)])
"""


@pytest.mark.thorough
def test_workers_of_a_data_loader_do_no_harm():
    done = run(WORKERS)
    assert done.stdout.strip() == str([True] * 6), done.stderr
