"""A made-up edition on its way into the archive: renderings are short texts that tell the mark they were given."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
from made_up_edition import make_evaluation, make_provenance

from gangru.evaluation.result import Evaluation
from gangru.report.inputs import Provenance
from gangru.study.editions.made_of import made_of
from gangru.study.editions.marks import Made
from gangru.study.editions.record import MadeOf

FIRST = datetime(2020, 8, 5, 9, 30, tzinfo=UTC)
LATER = datetime(2020, 9, 4, 9, 30, tzinfo=UTC)
FORMATS = ("html", "json")


def with_rank_ic(month: str, value: float, base: Evaluation | None = None) -> Evaluation:
    """The evaluation with another rank IC of a month."""
    whole = base or make_evaluation()
    chosen = pl.when(pl.col("month") == month).then(pl.lit(value)).otherwise("rank_ic")
    return replace(whole, series=whole.series.with_columns(rank_ic=chosen))


def inputs(provenance: Provenance | None = None) -> MadeOf:
    """What a made-up edition is made of."""
    factor = pl.DataFrame(
        {"date": ["2020-06-30", "2020-07-31"], "code": ["600000.SH"] * 2, "factor": [1.0, -1.0]}
    ).with_columns(pl.col("date").str.to_date())
    return made_of(provenance or make_provenance(), factor, "2020-07-31", [])


def make_made(
    evaluation: Evaluation | None = None,
    month: str = "2020-07",
    formats: Sequence[str] = FORMATS,
    made_from: MadeOf | None = None,
    **changes: Any,
) -> Made:
    """An edition as computed now."""
    whole = evaluation or make_evaluation()
    base = Made(
        evaluation=whole,
        month=month,
        as_of="2020-08-03",
        inputs=made_from or inputs(),
        render=lambda mark: {
            f"{month}.{name}": lambda name=name: (
                f"{name} of revision {mark.revision}, {whole.headline.ic_mean}".encode()
            )
            for name in formats
        },
        revised=lambda table, then, now: 0,
    )
    return replace(base, **changes)
