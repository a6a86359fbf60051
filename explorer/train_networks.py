"""Trains the networks that the explorer shows by default: those of the quick preset at R = 20, in a minute.

`make networks` runs it and then writes the golden files anew; other processors round differently, so that
elsewhere the networks are others, equally good.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from fastweights.explorer.networks import networks_of
from fastweights.runs.saved_models import load_specification

_TARGET = Path(__file__).parents[1] / "src" / "fastweights" / "explorer" / "networks.json"
_ORDER = ("fast-weights", "lstm", "irnn")


def main(folder: Path) -> None:
    """Train into the folder, unless it holds the study, and write the package's networks."""
    command = [sys.executable, "-m", "fastweights", "reproduce", "--preset", "quick", "--hidden-sizes", "20"]
    subprocess.run([*command, "--dir", str(folder)], check=True)
    paths = {load_specification(path).model: path for path in (folder / "runs").glob("*.safetensors")}
    content = networks_of([paths[name] for name in _ORDER])
    _TARGET.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {_TARGET.name} ({_TARGET.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder))
