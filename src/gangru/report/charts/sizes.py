"""How wide the panels of a chart are drawn, and which kinds have many small ones."""

from gangru.report.blocks import ChartKind

PANEL_WIDTH, NARROW_WIDTH = 820, 400  # pixels
NARROW: frozenset[ChartKind] = frozenset({"gan"})  # kinds whose panels stand two beside each other


def panel_width(kind: ChartKind) -> int:
    """Pixels of one still panel of a kind of chart."""
    return NARROW_WIDTH if kind in NARROW else PANEL_WIDTH
