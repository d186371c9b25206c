"""Every table of an evaluation as a CSV file."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from gangru.atomic import write_text
from gangru.evaluation.result import Evaluation


def tables_of(evaluation: Evaluation) -> dict[str, pl.DataFrame]:
    """Name → table: those of the evaluation, of its anatomy and of its trading; headline figures as one more."""
    headlines = [
        {"factor": name} | dataclasses.asdict(one)
        for name, one in (
            ("factor", evaluation.headline),
            ("factor, Pearson", evaluation.headline_pearson),
            ("raw prediction", evaluation.headline_raw),
            ("factor, t to t", evaluation.headline_t),
        )
    ]
    tables = {"headline": pl.DataFrame(headlines, infer_schema_length=None)}
    for prefix, part in (
        ("", evaluation),
        ("anatomy_", evaluation.anatomy),
        ("trading_", evaluation.trading),
    ):
        if part is None:
            continue
        for one in dataclasses.fields(part):
            value = getattr(part, one.name)
            if isinstance(value, pl.DataFrame):
                tables[prefix + one.name] = value
    return tables


def write_tables(evaluation: Evaluation, directory: Path) -> list[Path]:
    """Write the evaluation's tables into a directory."""
    return write_frames(tables_of(evaluation), directory)


def write_frames(tables: Mapping[str, pl.DataFrame], directory: Path) -> list[Path]:
    """Write tables by their names into a directory, made where it is missing; each file whole or not at all."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, table in tables.items():
        path = directory / f"{name}.csv"
        write_text(path, table.write_csv())
        paths.append(path)
    return paths
