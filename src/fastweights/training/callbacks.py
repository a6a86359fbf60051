"""Learning curves while a run goes on: callbacks of `fit`."""

import atexit
from pathlib import Path
from typing import Any

from fastweights.errors import FastweightsError
from fastweights.files import write_atomically
from fastweights.training.state import Fit, Point

_NAMES = list(Point.__dataclass_fields__)


class CSVCurve:
    """The learning curve as a table with a header, one line for each evaluation; written anew each time, so
    that it is whole at any moment, after a resumption too.

    `fw.fit(model, data, validation, callbacks=[fw.CSVCurve("curve.csv")])`
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)

    def __call__(self, fit: Fit) -> None:
        lines = [_NAMES, *([getattr(point, name) for name in _NAMES] for point in fit.curve)]
        text = "".join(
            ",".join("" if value is None else str(value) for value in line) + "\n" for line in lines
        )
        write_atomically(self._path, text.encode())


class TensorBoardCurve:
    """The learning curve as scalars for TensorBoard, in a folder; they arrive there within five seconds. It
    needs the extra `tensorboard`.

    Raises: FastweightsError if tensorboardX is not installed.
    """

    def __init__(self, folder: Path | str) -> None:
        try:
            from tensorboardX import SummaryWriter  # type: ignore[import-not-found]
        except ImportError as error:
            message = "TensorBoard needs an extra: pip install 'fastweights[tensorboard]'"
            raise FastweightsError(message) from error
        self._writer: Any = SummaryWriter(str(folder), flush_secs=5)
        atexit.register(self.close)  # what waits to be written would be lost with the process

    def __call__(self, fit: Fit) -> None:
        point = fit.curve[-1]
        for name in _NAMES[1:]:
            if getattr(point, name) is not None:
                self._writer.add_scalar(name, getattr(point, name), point.update)

    def close(self) -> None:
        """Write what waits to be written."""
        self._writer.close()
