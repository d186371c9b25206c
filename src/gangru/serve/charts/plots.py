"""Lines, bars and histograms over places in order, each with what it says at a place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from gangru.serve.charts.axes import SMALL, WHOLE, Frame, element, finite, number, ticks

Values = Sequence[float | None]
Shown = Callable[[float], str]


@dataclass(frozen=True)
class Line:
    """A series and its name; `kind` is its class in the style sheet, s0 to s3."""

    name: str
    values: Values
    kind: str = "s0"
    points: bool = False


def path(frame: Frame, values: Values) -> str:
    """The line through the known values, broken where one is missing."""
    parts, pen = [], "M"
    for place, value in enumerate(values):
        if value is None or value != value:  # noqa: PLR0124 - NaN
            pen = "M"
            continue
        parts.append(f"{pen}{number(frame.x(place))} {number(frame.y(value))}")
        pen = "L"
    return "".join(parts)


def drawn_line(frame: Frame, line: Line) -> Markup:
    """A series as a line, with a dot at each value where points are asked for or it has no neighbour."""
    drawn = element("path", class_=f"line {line.kind}", d=path(frame, line.values))
    known = [value is not None for value in line.values]
    for place, value in enumerate(line.values):
        alone = not any(known[max(place - 1, 0) : place] + known[place + 1 : place + 2])
        if value is not None and (line.points or alone):
            drawn += element("circle", class_=f"dot {line.kind}", cx=frame.x(place), cy=frame.y(value), r=2.6)
    return drawn


def line_chart(
    labels: Sequence[str],
    lines: Sequence[Line],
    shown: Shown,
    caption: str,
    *,
    include: Sequence[float] = (),
    level: float | None = None,
    size: tuple[float, float] = WHOLE,
    marks: int = 5,
) -> Markup:
    """Lines over common places; `include` are values that the scale must reach, `level` a dashed line."""
    known = finite([value for line in lines for value in line.values]) + list(include)
    if not known:
        return Markup("")
    scale = ticks(min(known), max(known), marks)
    left, right = (34.0, 20.0) if size == SMALL else (54.0, 34.0)
    frame = Frame(len(labels), scale, *size, left=left, right=right)
    content = frame.grid(shown) + frame.below(labels)
    if level is not None:
        y = frame.y(level)
        content += element("line", class_="level", x1=frame.left, x2=frame.width - frame.right, y1=y, y2=y)
    for line in lines:
        content += drawn_line(frame, line)
    return frame.picture(content, caption, tips(labels, lines, shown), "lines")


def tips(labels: Sequence[str], lines: Sequence[Line], shown: Shown) -> list[str]:
    """What each place says: its label, then each series that has a value there."""
    told = []
    for place, label in enumerate(labels):
        values = [(line.name, line.values[place]) for line in lines]
        parts = [f"{name} {shown(value)}".strip() for name, value in values if value is not None]
        told.append("\n".join([label, *parts]))
    return told


def bar_chart(
    labels: Sequence[str],
    bars: Sequence[Line],
    shown: Shown,
    caption: str,
    *,
    size: tuple[float, float] = WHOLE,
) -> Markup:
    """Bars from 0 over common places, those of several series beside each other."""
    known = [*finite([value for bar in bars for value in bar.values]), 0.0]
    if len(known) == 1:
        return Markup("")
    frame = Frame(len(labels), ticks(min(known), max(known)), *size, bands=True)
    content = frame.grid(shown) + frame.below(labels)
    room = frame.inner / max(len(labels), 1)
    wide = min(room * 0.76 / len(bars), 40.0)
    for nth, bar in enumerate(bars):
        for place, value in enumerate(bar.values):
            if value is None:
                continue
            top, foot = sorted((frame.y(value), frame.y(0.0)))
            x = frame.x(place) + wide * (nth - len(bars) / 2)
            kind = f"bar {bar.kind}" + (" below" if value < 0 else "")
            content += element("rect", class_=kind, x=x, y=top, width=wide, height=max(foot - top, 0.6))
    return frame.picture(content, caption, tips(labels, bars, shown), "bars")


def histogram(
    edges: Sequence[float], counts: Sequence[int], shown: Shown, caption: str, mark: float | None = None
) -> Markup:
    """Counts between successive edges; `mark` is a value pointed out."""
    frame = Frame(len(counts), ticks(0, max([*counts, 1]), 4), height=210.0, bands=True)
    content = frame.grid(lambda value: f"{value:,.0f}")
    wide = frame.inner / max(len(counts), 1)
    told = []
    for place, count in enumerate(counts):
        y = frame.y(count)
        content += element(
            "rect",
            class_="bar s0",
            x=frame.left + place * wide + 0.5,
            y=y,
            width=max(wide - 1, 0.5),
            height=frame.y(0) - y,
        )
        told.append(f"{shown(edges[place])} … {shown(edges[place + 1])}\n{count:,}")
    for place in range(0, len(edges), max(len(edges) // 8, 1)):
        at = {"x": frame.left + place * wide, "y": frame.height - 6, "text_anchor": "middle"}
        content += element("text", escape(shown(edges[place])), class_="tick", **at)
    if mark is not None and edges[0] <= mark <= edges[-1]:
        x = frame.left + frame.inner * (mark - edges[0]) / (edges[-1] - edges[0])
        content += element("line", class_="level", x1=x, x2=x, y1=frame.top, y2=frame.height - frame.bottom)
    return frame.picture(content, caption, told, "bars")
