"""Drawings of many small pieces, such as heat maps and rows of dots, written as SVG: matplotlib would take
ten times as long. Colours are those of `drawing`, which the report's page replaces by its own.
"""

import math
import struct
import zlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

from fastweights.report.drawing import GRID, INK, PAPER

if TYPE_CHECKING:
    from jaxtyping import UInt8
    from numpy import ndarray

Anchor = Literal["start", "middle", "end"]


class Drawing:
    """A canvas of so many pixels; x to the right, y down."""

    def __init__(self, width: float, height: float) -> None:
        self._size = f"{_number(width)}", f"{_number(height)}"
        self._parts: list[str] = []

    def svg(self) -> str:
        """The file's text; equal drawings give equal text."""
        width, height = self._size
        return "\n".join(
            [
                '<?xml version="1.0" encoding="utf-8"?>',
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                f'viewBox="0 0 {width} {height}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif" '
                f'font-size="11" fill="{INK}">',
                f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
                *self._parts,
                "</svg>\n",
            ]
        )

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        colour: str,
        opacity: float = 1,
        title: str = "",
    ) -> None:
        """A filled rectangle; the title is shown where the pointer rests."""
        self._add(
            f'<rect x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" height="{_number(height)}" '
            f'fill="{colour}"{_opacity(opacity)}',
            title,
        )

    def frame(
        self, x: float, y: float, width: float, height: float, colour: str = INK, thick: float = 1
    ) -> None:
        """The outline of a rectangle."""
        self._add(
            f'<rect x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" height="{_number(height)}" '
            f'fill="none" stroke="{colour}" stroke-width="{_number(thick)}"'
        )

    def line(
        self, points: Iterable[tuple[float, float]], colour: str = GRID, thick: float = 1, dash: str = ""
    ) -> None:
        """A line through points."""
        path = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._add(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{_number(thick)}"{dashed}'
        )

    def dot(
        self, x: float, y: float, colour: str, radius: float = 3, opacity: float = 1, title: str = ""
    ) -> None:
        """A disc."""
        self._add(
            f'<circle cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}" '
            f'fill="{colour}"{_opacity(opacity)}',
            title,
        )

    def cross(self, x: float, y: float, colour: str, arm: float = 3.5) -> None:
        """An oblique cross: where something failed."""
        for sign in (-1, 1):
            self.line([(x - arm, y - sign * arm), (x + arm, y + sign * arm)], colour, 1.5)

    def text(
        self, x: float, y: float, text: str, anchor: Anchor = "start", size: float = 11, *, bold: bool = False
    ) -> None:
        """A line of text whose base line is at y."""
        extra = f' text-anchor="{anchor}"' * (anchor != "start") + f' font-size="{_number(size)}"' * (
            size != 11
        )
        extra += ' font-weight="bold"' * bold
        self._parts.append(f'<text x="{_number(x)}" y="{_number(y)}"{extra}>{escape(text)}</text>')

    def picture(self, x: float, y: float, width: float, height: float, png: bytes) -> None:
        """A raster image, its pixels as they are."""
        self._add(
            f'<image x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" height="{_number(height)}" '
            'preserveAspectRatio="none" style="image-rendering: pixelated" '
            f'href="data:image/png;base64,{b64encode(png).decode()}"'
        )

    def _add(self, element: str, title: str = "") -> None:
        if title:
            name = element[1 : element.index(" ")]
            self._parts.append(f"{element}><title>{escape(title)}</title></{name}>")
        else:
            self._parts.append(f"{element}/>")


@dataclass(frozen=True)
class LogScale:
    """Positive numbers from low to high on pixels from start to end; what lies outside is put at the ends."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = math.log(max(value, 1e-300) / self.low) / math.log(self.high / self.low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """Powers of ten, and where these are fewer than three their doubles and halves."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for steps in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0)):
            ticks = [step * 10.0**power for power in powers for step in steps]
            ticks = [tick for tick in ticks if self.low * 0.999 <= tick <= self.high * 1.001]
            if len(ticks) > 2:
                break
        return ticks


def around(values: Sequence[float], start: float, end: float) -> LogScale:
    """A scale with room for all of these positive numbers."""
    low, high = min(values, default=1.0), max(values, default=10.0)
    if high < 2 * low:
        low, high = low / 1.5, high * 1.5
    room = (high / low) ** 0.04
    return LogScale(low / room, high * room, start, end)


def tinted(opacity: "UInt8[ndarray, 'rows columns']", colour: str) -> bytes:
    """A PNG of one colour, `#rrggbb`, and these opacities: a palette of that colour in 256 opacities."""
    rows, columns = opacity.shape
    lines = b"".join(b"\0" + row.tobytes() for row in opacity)
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0),
        b"PLTE": bytes.fromhex(colour[1:]) * 256,
        b"tRNS": bytes(range(256)),
        b"IDAT": zlib.compress(lines),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


def _number(value: float) -> str:
    """At most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _opacity(opacity: float) -> str:
    return "" if opacity == 1 else f' fill-opacity="{_number(opacity)}"'
