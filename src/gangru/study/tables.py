"""Every table of an evaluation as a CSV file that is safe to open in a spreadsheet."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from gangru.atomic import write_text
from gangru.evaluation.result import Evaluation

ACCOUNTS = ("gross", "net", "benchmark", "long_short")
# A cell that begins so may be a formula; full-width signs are the same to some Chinese and Japanese editions.
FORMULA_STARTS = r"^[=+\-@\t\r\n＝＋－＠]"


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
    if evaluation.trading is not None:
        told = {name: getattr(evaluation.trading, name) for name in ACCOUNTS}
        rows = [{"of": name} | dataclasses.asdict(one) for name, one in told.items()]
        tables["trading_performance"] = pl.DataFrame(rows, infer_schema_length=None)
    return tables


def write_tables(evaluation: Evaluation, directory: Path) -> list[Path]:
    """Write the evaluation's tables into a directory."""
    return write_frames(tables_of(evaluation), directory)


def write_frames(tables: Mapping[str, pl.DataFrame], directory: Path) -> list[Path]:
    """Write tables by their names into a directory, made where it is missing; each file whole or not at all.

    Names and industries come from data: text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, table in tables.items():
        path = directory / f"{name}.csv"
        write_text(path, inert(table).with_columns(pl.col(pl.Float64).fill_nan(None)).write_csv())
        paths.append(path)
    return paths


def inert(table: pl.DataFrame) -> pl.DataFrame:
    """The table with an apostrophe before each text that begins like a formula; numbers stay as they are."""
    text = pl.col(pl.String)
    return table.with_columns(
        pl.when(text.str.contains(FORMULA_STARTS)).then("'" + text).otherwise(text).name.keep()
    )
