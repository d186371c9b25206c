"""The headline figures over the whole history: under each convention, beside the edition before and other studies."""

from collections.abc import Sequence

from gangru.evaluation.headline import Headline
from gangru.report.blocks import Column, Section, Table, Text, Words, month_of, text
from gangru.report.definitions import HEADLINE_FIGURES
from gangru.report.inputs import Material
from gangru.report.sections.ablation import ablation_table


def summary(material: Material) -> Section:
    """The headline table and, where there are any, other studies' and the ablation."""
    blocks: list[Table] = [headline_table(material)]
    if material.comparison:
        blocks.append(comparison_table(material))
    if material.ablation is not None:
        blocks.append(ablation_table(material.ablation))
    return Section("summary", text("Summary"), tuple(blocks))


def headline_table(material: Material) -> Table:
    """Every headline figure over the whole history under the four conventions, and as of the edition before."""
    e = material.evaluation
    columns: list[tuple[Words, Headline]] = [
        (text("Neutralised, t+1, Spearman"), e.headline),
        (text("Neutralised, t+1, Pearson"), e.headline_pearson),
        (text("Raw pRet, t+1, Spearman"), e.headline_raw),
        (text("Neutralised, t to t, Spearman"), e.headline_t),
    ]
    previous = material.previous
    if previous is not None and previous.last_month is not None:
        before = text("First column, to {month}", month=month_of(previous.last_month))
        columns.append((before, previous.headline))
    return figures_table("headline", text("Headline figures over all months"), columns)


def comparison_table(material: Material) -> Table:
    """This study's headline figures beside those of others."""
    columns: list[tuple[Words, Headline]] = [(material.evaluation.study, material.evaluation.headline)]
    columns += [(other.name, other.headline) for other in material.comparison]
    return figures_table("comparison", text("This study beside others, neutralised, t+1, Spearman"), columns)


def figures_table(key: str, caption: Text, headlines: Sequence[tuple[Words, Headline]]) -> Table:
    """One row a headline figure, one column a `Headline`."""
    columns = [Column("figure", text("Measure"))]
    columns += [Column(f"value_{i}", title, "ratio") for i, (title, _) in enumerate(headlines)]
    rows = tuple((d.label, *(getattr(h, d.key) for _, h in headlines)) for d in HEADLINE_FIGURES)
    return Table(
        key,
        caption,
        tuple(columns),
        rows,
        formats=tuple(d.format for d in HEADLINE_FIGURES),
        notes=(text("Returns before costs; after costs under Trading. Definitions at the end."),),
    )
