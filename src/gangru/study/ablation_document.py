"""An ablation as the object that `ablate --json` prints and runs/ablation.json holds, and as a Markdown page."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from gangru.evaluation.document import plain
from gangru.study.ablation_plan import Plan
from gangru.study.ablation_result import Ablation, Difference, FoldHealth, VariantFigures
from gangru.study.provenance import code_version, package_versions
from gangru.study.settings import StudySettings, told_settings

SCHEMA_VERSION = 1
UNKNOWN = "–"

COLUMNS = (
    "Variant", "Seeds", "Months", "RankIC", "±", "Raw", "ICIR", "t", "Spread", "Excess", "Min", "Coll.", "ρ", "Disp."
)  # fmt: skip
DEFINITIONS = (
    "RankIC: mean monthly rank correlation of the neutralised factor with the return from the close of t+1, over the "
    "months above; ±: its standard deviation over seeds; Raw: the same of raw pRet.",
    "ICIR: mean over standard deviation of the monthly RankIC, not annualised; t: of its mean, by Newey–West. Both of "
    "the mean over seeds.",
    "Spread: mean monthly return of the highest decile less the lowest. Excess: the long portfolio's annualised return "
    "less the universe's, before costs.",
    "Min: minutes in which generators and predictors were trained, all trainings together, a seed; reading data is not "
    "in it.",
    "Coll.: trainings whose GAN collapsed twice, of all. ρ: correlation of generated with real windows; Disp.: spread "
    "between stocks of generated over real windows; both at the epoch kept, mean over trainings.",
)


def ablation_document(
    ablation: Ablation, plan: Plan, settings: StudySettings, command: str
) -> dict[str, Any]:
    """The whole comparison with what made it; it carries no clock, so that the same trainings give the same bytes."""
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "command": command,
        "code": code_version(),
        "packages": package_versions(("lightgbm",)),
        "data_versions": dict(ablation.versions),
        "settings": told_settings(settings),
        "until": ablation.until,
        "folds": ablation.folds,
        "months": ablation.months,
        "variants": [variant_record(line) for line in ablation.variants],
        "differences": [dataclasses.asdict(one) for one in ablation.differences],
        "skipped": [dataclasses.asdict(one) for one in ablation.skipped],
        "planned": [variant.name for variant in plan.variants],
        "notes": ablation.notes,
    }
    found = plain(document)
    assert isinstance(found, dict)
    return found


def variant_record(line: VariantFigures) -> dict[str, Any]:
    """One variant's figures as plain values."""
    record = {
        f.name: getattr(line, f.name) for f in dataclasses.fields(line) if f.name not in ("variant", "health")
    }
    head = {
        "name": line.variant.name,
        "what": line.variant.what,
        "changes": dict(line.variant.changes),
    }
    return (
        head
        | record
        | {
            "by_fold": dict(line.by_fold),
            "health": [dataclasses.asdict(one) for one in line.health],
        }
    )


def percent(value: float | None, digits: int = 2) -> str:
    """A fraction as a percentage, without its sign."""
    return UNKNOWN if value is None else f"{100 * value:.{digits}f}"


def number(value: float | None, digits: int = 2) -> str:
    """A number, – where it is not defined."""
    return UNKNOWN if value is None else f"{value:.{digits}f}"


def variant_row(line: VariantFigures) -> tuple[str, ...]:
    """One line of the main table; ICs and returns in percent."""
    generators = f"{line.collapsed}/{line.generators}" if line.generators else UNKNOWN
    return (
        line.variant.name,
        str(len(line.seeds)),
        str(line.months),
        percent(line.rank_ic),
        percent(line.seed_spread),
        percent(line.raw_rank_ic),
        number(line.icir),
        number(line.t),
        percent(line.decile_spread),
        percent(line.long_excess, 1),
        number(line.minutes, 1),
        generators,
        number(line.correlation),
        number(line.dispersion_ratio),
    )


def difference_row(one: Difference) -> tuple[str, ...]:
    """One line of the table of differences."""
    return (
        f"{one.variant} − {one.reference}",
        str(one.months),
        percent(one.mean),
        number(one.t),
        percent(one.positive, 0),
    )


DIFFERENCE_COLUMNS = ("Difference of monthly RankIC", "Months", "Mean, %", "t", "Months ahead, %")
HEALTH_COLUMNS = ("Study", "Training", "State", "Kept epoch", "ρ", "Disp.", "Var.", "D loss")


def health_row(one: FoldHealth) -> tuple[str, ...]:
    """One line of the table of generators."""
    state = "collapsed" if one.collapsed else "restarted" if one.restarted else "ok"
    figures = (one.correlation, one.dispersion_ratio, one.variance_ratio, one.d_loss)
    return (one.study, one.fold, state, f"{one.best_epoch}/{one.epochs}", *map(number, figures))


def fold_rows(ablation: Ablation) -> list[tuple[str, ...]]:
    """Mean RankIC of each variant over the months that each training serves, in percent."""
    return [(fold, *(percent(line.by_fold[fold]) for line in ablation.variants)) for fold in ablation.folds]


def month_rows(ablation: Ablation) -> list[tuple[str, ...]]:
    """RankIC of each variant in each month, in percent."""
    return [
        (month, *(percent(line.monthly[i]) for line in ablation.variants))
        for i, month in enumerate(ablation.months)
    ]


def headline_of(ablation: Ablation) -> str:
    """Which months and trainings are compared, in a line."""
    first, last = ablation.months[0], ablation.months[-1]
    span = int((np.datetime64(last) - np.datetime64(first)).astype(int)) + 1
    count = f"{len(ablation.months)}" if span == len(ablation.months) else f"{len(ablation.months)} of {span}"
    return (
        f"{count} return months, {first} to {last}, the same for all variants; trainings: "
        f"{', '.join(ablation.folds)}"
    )


def ablation_markdown(ablation: Ablation, document: dict[str, Any]) -> str:
    """The comparison as a page: how it was made, the tables, what the columns mean, the notes."""
    names = tuple(line.variant.name for line in ablation.variants)
    health = [health_row(one) for line in ablation.variants for one in line.health]
    code = document["code"]
    versions = ", ".join(f"{name} {version}" for name, version in document["data_versions"].items())
    parts = [
        "# Ablation",
        f"{headline_of(ablation)}. ICs and returns in percent.",
        markdown_table(COLUMNS, map(variant_row, ablation.variants)),
        "\n".join(f"- {line}" for line in DEFINITIONS),
        "## Variants",
        "\n".join(f"- **{line.variant.name}**: {line.variant.what}" for line in ablation.variants),
    ]
    if ablation.differences:
        rows = map(difference_row, ablation.differences)
        parts += ["## Paired differences", markdown_table(DIFFERENCE_COLUMNS, rows)]
    parts += ["## Mean RankIC by training", markdown_table(("Training", *names), fold_rows(ablation))]
    parts += ["## RankIC by month", markdown_table(("Month", *names), month_rows(ablation))]
    if health:
        parts += ["## Generators", markdown_table(HEALTH_COLUMNS, health)]
    if ablation.skipped or ablation.notes:
        lines = [f"- {one.study} is left out: {one.reason}" for one in ablation.skipped]
        parts += ["## Notes", "\n".join([*lines, *(f"- {note}" for note in ablation.notes)])]
    made = f"`{document['command']}`, gangru {code['version']}, commit {code['commit'] or 'unknown'}, data {versions}."
    return "\n\n".join([*parts, "## How it was made", made]) + "\n"


def markdown_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table: the first column to the left, figures to the right."""
    lines = [head, ("---", *["---:"] * (len(head) - 1)), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
