"""An evaluation as the plain object of dicts, lists, text and numbers that `evaluate --json` prints."""

import dataclasses
import datetime
import math

import numpy as np
import polars as pl

from gangru.evaluation.result import Evaluation

SCHEMA_VERSION = 1

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def to_json(evaluation: Evaluation, limits: list[str] | None = None) -> dict[str, Json]:
    """The whole evaluation but for the picks outside the long list; fractions, not percents, NaN as null.

    `limits` are sentences about what the data cannot tell; they stand in `data` beside the counts of what was
    dropped.
    """
    document: dict[str, Json] = {
        "schema_version": SCHEMA_VERSION,
        "study": evaluation.study,
        "first_month": evaluation.first_month,
        "last_month": evaluation.last_month,
        "picks_date": evaluation.picks_date,
        "headline": plain(dataclasses.asdict(evaluation.headline)),
        "headline_pearson": plain(dataclasses.asdict(evaluation.headline_pearson)),
        "headline_raw": plain(dataclasses.asdict(evaluation.headline_raw)),
        "headline_t": plain(dataclasses.asdict(evaluation.headline_t)),
        "seeds": records(evaluation.seeds),
        "series": records(evaluation.series),
        "yearly": records(evaluation.yearly),
        "industries": records(evaluation.industries),
        "industry_months": records(evaluation.industry_months),
        "industries_lost": evaluation.industries_lost,
        "industries_lost_1y": evaluation.industries_lost_1y,
        "deciles": records(evaluation.deciles),
        "monotonicity": plain(evaluation.monotonicity),
        "decay": records(evaluation.decay),
        "net_value": records(evaluation.net_value),
        "picks": records(evaluation.picks.filter(pl.col("in_long_list"))),
        "last_picks": records(evaluation.last_picks),
        "last_picks_outcome": plain(dataclasses.asdict(evaluation.last_picks_outcome)),
        "data": {"limits": plain(limits or []), "drops": records(evaluation.drops)},
        "notes": plain(evaluation.notes),
    }
    for name, part in (("anatomy", evaluation.anatomy), ("trading", evaluation.trading)):
        if part is not None:
            document[name] = part_of(part)
    return document


def part_of(part: object) -> Json:
    """A result object with its tables as lists of rows; orders stay out, which are for files."""
    if isinstance(part, pl.DataFrame):
        return records(part)
    if isinstance(part, np.ndarray):
        return plain(part.tolist())
    if dataclasses.is_dataclass(part):
        names = [field.name for field in dataclasses.fields(part) if field.name != "orders"]
        return {name: part_of(getattr(part, name)) for name in names}
    return plain(part)


def records(table: pl.DataFrame) -> list[Json]:
    """A table as a list of rows."""
    return [plain(row) for row in table.iter_rows(named=True)]


def plain(value: object) -> Json:
    """The value in JSON's own types: dates as ISO text, what is not finite as null."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime.date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"{type(value).__name__} has no place in the document")
