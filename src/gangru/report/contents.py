"""From an evaluation to the contents of a monthly: pure, without a clock, a file or a drawing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from gangru.errors import ReportError
from gangru.evaluation.months import MONTH
from gangru.evaluation.result import Evaluation
from gangru.features.catalogue import Feature
from gangru.report.blocks import Block, Contents, Diagram, Figure, Row, Section, Table, Words, month_of, text
from gangru.report.inputs import AblationRecord, Comparison, FoldRecord, MarketFacts, Material, Provenance
from gangru.report.issued import EditionMark, PastEdition
from gangru.report.sections import appendix
from gangru.report.sections.data import data
from gangru.report.sections.editions import editions
from gangru.report.sections.exposures import exposures
from gangru.report.sections.front import edition_box, front, key_figures, simulated_banner
from gangru.report.sections.industries import industries
from gangru.report.sections.model import model
from gangru.report.sections.performance import performance
from gangru.report.sections.picks import picks
from gangru.report.sections.revisions import with_mark
from gangru.report.sections.summary import summary
from gangru.report.sections.trading import trading
from gangru.report.sections.training import training
from gangru.report.settings import ReportSettings
from gangru.report.verdict import verdict

__all__ = [
    "AblationRecord",
    "Comparison",
    "Contents",
    "FoldRecord",
    "MarketFacts",
    "Provenance",
    "build_contents",
]


def build_contents(
    evaluation: Evaluation,
    *,
    month: str,
    folds: Sequence[FoldRecord],
    provenance: Provenance,
    data_notes: Sequence[str] = (),
    simulated: Mapping[str, object] | None = None,
    comparison: Sequence[Comparison] = (),
    settings: ReportSettings | None = None,
    previous: Evaluation | None = None,
    facts: MarketFacts | None = None,
    ablation: AblationRecord | None = None,
    mark: EditionMark | None = None,
    issued: Sequence[PastEdition] = (),
    features: Sequence[Feature] = (),
    sections: Sequence[Callable[[Material], Section]] = (),
) -> Contents:
    """Say everything about one return month, 'YYYY-MM', with an evaluation that ends with it.

    `simulated` is the content of simulate.json, None for a real market; `previous` the evaluation up to the month
    before; `mark` says which revision it is, `issued` what older editions said; `features` are a user's own, `sections`
    make further sections, before the definitions. Sees what it is given and nothing else.
    Raises ReportError for a month that is none, or one before the evaluation's last: an edition must not know
    what came after it.
    """
    checked_month(month, evaluation)
    material = Material(
        evaluation, month, folds, provenance, data_notes, simulated, comparison, settings or ReportSettings(),
        previous=previous, facts=facts, ablation=ablation, mark=mark, issued=issued, features=features,
    )  # fmt: skip
    return contents_of(material, sections)


def contents_of(material: Material, further: Sequence[Callable[[Material], Section]]) -> Contents:
    """The edition that a material makes, its exhibits numbered; the further sections stand before the definitions."""
    first, body = numbered(front(material), sections_of(material, further))
    return Contents(
        study=material.evaluation.study,
        month=material.month,
        title=material.settings.title or text("Machine-learning factor stock selection"),
        subtitle=subtitle(material),
        publisher=material.settings.publisher,
        edition=edition_box(material),
        banner=with_mark(simulated_banner(material), material.mark),
        verdict=verdict(material),
        key_figures=key_figures(material),
        front=first,
        sections=body,
        generated_at=material.provenance.generated_at,
        language=material.settings.language,
    )


def sections_of(material: Material, further: Sequence[Callable[[Material], Section]]) -> tuple[Section, ...]:
    """Every section in reading order, the further ones before the definitions."""
    return (
        summary(material),
        model(material),
        performance(material),
        trading(material),
        industries(material),
        picks(material),
        exposures(material),
        training(material),
        data(material),
        editions(material),
        *(make(material) for make in further),
        appendix.definitions(),
        appendix.settings(material.provenance),
        appendix.provenance_section(material.provenance),
        appendix.risk(),
    )


def checked_month(month: str, evaluation: Evaluation) -> None:
    """Raise ReportError unless the month is one, and no earlier than the evaluation's last."""
    if not MONTH.fullmatch(month):
        raise ReportError(f"month {month!r}: expected YYYY-MM, such as 2020-07")
    if evaluation.last_month is not None and month < evaluation.last_month:
        raise ReportError(
            f"the edition of {month} must not know {evaluation.last_month}, which the evaluation reaches: "
            f"evaluate with last_month = {month!r} first"
        )


def subtitle(material: Material) -> Words:
    """What the edition is about, in a line."""
    if material.predictor != "gru":
        return text("The factor in {month}", month=month_of(material.month))
    if material.generator == "gan":
        return text("The GAN_GRU factor in {month}", month=month_of(material.month))
    if material.generator == "none":
        return text("The GRU factor in {month}", month=month_of(material.month))
    return text("The factor in {month}", month=month_of(material.month))


def numbered(
    front: tuple[Table, ...], sections: tuple[Section, ...]
) -> tuple[tuple[Table, ...], tuple[Section, ...]]:
    """Number every exhibit from 1 in reading order, the first page's first."""
    numbers = count(1)
    first = tuple(replace(table, exhibit=next(numbers)) for table in front)
    return first, tuple(
        replace(section, blocks=tuple(with_number(block, numbers) for block in section.blocks))
        for section in sections
    )


def with_number(block: Block, numbers: Iterator[int]) -> Block:
    """The block with the next number, or numbers, where it is an exhibit."""
    if isinstance(block, Row):
        return Row(tuple(replace(table, exhibit=next(numbers)) for table in block.tables))
    if isinstance(block, Table | Figure | Diagram):
        return replace(block, exhibit=next(numbers))
    return block
