"""The tables of a record, for a terminal and in Markdown."""

from collections.abc import Iterator, Sequence

from fastweights.bench.baselines import BASELINES, OURS
from fastweights.bench.cases import Case
from fastweights.bench.measurements import Record, timings_of
from fastweights.bench.roofline import operations
from fastweights.bench.scaling import SYMBOLS, curves
from fastweights.bench.statistics import Spread, ratios
from fastweights.report.labels import model_label
from fastweights.report.table import Column, Table, numbers

_FIRST = "first: seconds until the first update is done, compilation included"
_COMPARISON = (
    f"{_FIRST}. MiB: memory, the most that training adds to what the process had before its first update. "
    "GFLOP/s: of the operations that the equations need at least.",
)
_SCALING = (
    "exponent: of the time, through the last five points. counted: the same for the operations of the "
    "equations. above curve: the largest ratio of a time (the shortest of all rounds) to a smooth curve "
    f"through all of them. {_FIRST}, the longest.",
)


def tables(record: Record) -> list[Table]:
    """All tables of a record."""
    shown = list(_scaling(record) if record["kind"] == "scaling" else _comparisons(record))
    return [*shown, _cores(record["cores"])] if record["cores"] else shown


def markdown(record: Record) -> str:
    """The tables and the notes in GitHub's Markdown."""
    parts = [f"**{table.title}**\n\n{table.markdown()}" for table in tables(record)]
    return "\n".join([*parts, *notes(record)]) + "\n"


def notes(record: Record) -> list[str]:
    """What the tables cannot show, in sentences."""
    environment, peaks = record["environment"], record["peak_gigaflops"]
    best = max(peaks, key=peaks.__getitem__)
    versions = [f"{name} {environment[name]}" for name in ("jax", "torch", "numpy") if name in environment]
    sentences = [
        f"{environment['processor']}, one core; {', '.join(versions)}; kernels: {environment['kernels']}; "
        f"median and range of {record['rounds']} rounds.",
        f"Peak: {peaks[best]:.0f} GFLOP/s, the best float32 matrix product in one thread (by {best}).",
    ]
    sentences += _SCALING if record["kind"] == "scaling" else _COMPARISON
    for comparison in record.get("comparisons", ()):
        case = Case(**comparison["case"])
        sentences += [f"{case}: {name} left out: {why}." for name, why in comparison["left_out"].items()]
    return list(dict.fromkeys(sentences))


def _comparisons(record: Record) -> Iterator[Table]:
    headings = (
        *("", "ms an\nupdate", "range", "times\nours", "range"),
        *("a\nsecond", "first,\ns", "MiB", "GFLOP\n/s", "% of\npeak"),
    )
    peak = max(record["peak_gigaflops"].values())
    for comparison in record["comparisons"]:
        case, timings = Case(**comparison["case"]), timings_of(comparison)
        count, rows = operations(case), []
        for name, timing in timings.items():
            time = Spread.of(timing["milliseconds"])
            ratio = ("", "")
            if OURS in timings and name != OURS:
                ratio = _spread(ratios(timing["milliseconds"], timings[OURS]["milliseconds"]))
            rate = count and count / time.median / 1e6
            rows.append(
                (
                    BASELINES[name].label,
                    *_spread(time),
                    *ratio,
                    f"{1e3 / time.median:,.0f}",
                    f"{timing['compile_seconds']:.1f}",
                    f"{timing['peak_memory_bytes'] / 2**20:.0f}",
                    "–" if rate is None else f"{rate:.1f}",
                    "–" if rate is None else f"{100 * rate / peak:.0f}",
                )
            )
        yield _table(str(case), headings, rows)


def _cores(cores: Sequence[Record]) -> Table:
    rows = []
    for measured in cores:
        title, rates = str(Case(**measured["case"])), measured["updates_per_second"]
        for count, values in rates.items():
            gain = _spread(ratios(values, rates["1"])) if count != "1" else ("", "")
            rows.append((title, count, f"{Spread.of(values).median:,.0f}", *gain))
    return _table("One process a core", ("", "processes", "updates/s", "times one", "range"), rows)


def _scaling(record: Record) -> Iterator[Table]:
    headings = ("", "along", "ms an update", "exponent", "counted", "above\ncurve", "first,\ns")
    shown = curves(record)
    for baseline in dict.fromkeys(curve.baseline for curve in shown):
        rows = [
            (
                model_label(curve.model),
                f"{SYMBOLS[curve.axis]} = {curve.x[0]:g} … {curve.x[-1]:g}",
                f"{_number(curve.medians[0])} … {_number(curve.medians[-1])}",
                f"{curve.power[0]:.2f}",
                "–" if curve.counted is None else f"{curve.counted:.2f}",
                f"{curve.jump[1]:.2f} at {curve.jump[0]:g}",
                f"{curve.longest_compilation:.1f}",
            )
            for curve in shown
            if curve.baseline == baseline
        ]
        yield _table(f"Scaling: {BASELINES[baseline].label}", headings, rows)


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """The first column is text, the others are numbers."""
    first = Column(headings[0], "word", min_width=max((len(row[0]) for row in rows), default=0))
    return Table("", title, (first, *numbers(*headings[1:])), rows)


def _spread(spread: Spread) -> tuple[str, str]:
    return _number(spread.median), f"{_number(spread.lowest)}–{_number(spread.highest)}"


def _number(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"
