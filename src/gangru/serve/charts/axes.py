"""The parts that all charts share: elements, scales, ticks, the frame with its grid and labels."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
LABEL = 76  # pixels that a label under the axis takes
WHOLE, HALF, SMALL = (1100.0, 250.0), (560.0, 220.0), (270.0, 112.0)  # sizes of drawings


def element(name: str, content: str = "", **attributes: object) -> Markup:
    """An SVG element; attribute names lose a last underscore and have - for _, and everything is escaped."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}>") + content + Markup(f"</{name}>")  # noqa: S704 - escaped above


def number(value: object) -> str:
    """A coordinate to a tenth of a pixel, text as it is."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round values from at or below `low` to at or above `high`, about so many."""
    if not high > low:
        low, high = low - 1, high + 1
    rough = (high - low) / max(wanted - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(s for s in STEPS if s * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [k * step for k in range(first, last + 1)]


def finite(values: Sequence[float | None]) -> list[float]:
    """The values that are numbers."""
    return [value for value in values if value is not None and math.isfinite(value)]


@dataclass(frozen=True)
class Frame:
    """The drawing's size, its margins and its vertical scale."""

    count: int  # places along the horizontal axis
    marks: list[float]  # of the vertical axis, ascending
    width: float = 1100.0
    height: float = 250.0
    left: float = 54.0
    right: float = 34.0
    top: float = 12.0
    bottom: float = 24.0
    bands: bool = False  # places are bands, as for bars, and not points

    @property
    def inner(self) -> float:
        """Width of the plot."""
        return self.width - self.left - self.right

    def x(self, place: int) -> float:
        """Middle of a place."""
        if self.bands:
            return self.left + self.inner * (place + 0.5) / max(self.count, 1)
        return self.left + (self.inner / 2 if self.count < 2 else self.inner * place / (self.count - 1))

    def y(self, value: float) -> float:
        """Height of a value."""
        low, high = self.marks[0], self.marks[-1]
        return self.top + (self.height - self.top - self.bottom) * (high - value) / (high - low)

    def grid(self, shown: Callable[[float], str]) -> Markup:
        """Lines and labels of the vertical axis; the line at 0 is stronger."""
        drawn = Markup("")
        for mark in self.marks:
            y, kind = self.y(mark), "zero" if abs(mark) < 1e-12 else "grid"
            drawn += element("line", class_=kind, x1=self.left, x2=self.width - self.right, y1=y, y2=y)
            drawn += element(
                "text", escape(shown(mark)), class_="tick", x=self.left - 7, y=y + 3.5, text_anchor="end"
            )
        return drawn

    def below(self, labels: Sequence[str]) -> Markup:
        """As many labels under the axis as have room."""
        every = max(math.ceil(self.count * LABEL / max(self.inner, 1)), 1)
        drawn = Markup("")
        for place in range(0, self.count, every):
            at = {"x": self.x(place), "y": self.height - 6, "text_anchor": "middle"}
            drawn += element("text", escape(labels[place]), class_="tick", **at)
        return drawn

    def picture(self, content: Markup, caption: str, tips: Sequence[str], kind: str) -> Markup:
        """The whole drawing; `tips` say for each place what a reader sees who points at it."""
        cursor = element(
            "line", class_="cursor", x1=self.left, x2=self.left, y1=self.top, y2=self.height - self.bottom
        )
        return element(
            "svg",
            content + cursor,
            class_=f"chart {kind}{' wide' if self.width > HALF[0] else ''}",
            viewBox=f"0 0 {number(self.width)} {number(self.height)}",
            role="img",
            aria_label=caption,
            data_left=self.left,
            data_right=self.width - self.right,
            data_bands="1" if self.bands else None,
            data_tips=json.dumps(list(tips), ensure_ascii=False),
        )
