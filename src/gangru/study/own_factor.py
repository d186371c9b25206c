"""A factor table of the user's own: a file or a frame of date, code and a value, made ready to be evaluated."""

from pathlib import Path
from typing import Any

import polars as pl

from gangru.errors import EvaluationError
from gangru.market.codes import canonical_codes
from gangru.market.identity import Identities

COLUMN = "factor"
READ = {".parquet": "Parquet", ".csv": "CSV", ".txt": "CSV", ".gz": "CSV"}


def read_factor_file(path: Path, column: str = COLUMN) -> pl.DataFrame:
    """Read date, code and `column` (and pret, where it is there) of a CSV or Parquet file.

    Raises EvaluationError naming the file where it cannot be read or lacks a column.
    """
    if path.suffix.lower() not in READ:
        raise EvaluationError(
            f"{path}: expected a .parquet or .csv file with the columns date, code, {column}"
        )
    try:
        if READ[path.suffix.lower()] == "Parquet":
            table = pl.read_parquet(path)
        else:
            # Codes keep their zeros and dates their form: types are decided column by column below.
            table = pl.read_csv(path, infer_schema=False)
    except FileNotFoundError as error:
        raise EvaluationError(f"{path} is not there: expected a file of date, code, {column}") from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise EvaluationError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    return factor_table(table, column, where=str(path))


def factor_table(
    frame: Any,
    column: str = COLUMN,
    where: str = "the factor table",
) -> pl.DataFrame:
    """Columns date, code, factor (the values of `column`) and perhaps pret, of a Polars or pandas table.

    A pandas index that has names becomes columns, so that a series indexed by (date, code) is a table. Raises
    EvaluationError naming `where` and the columns that came.
    """
    table = polars_of(frame, column)
    missing = [name for name in ("date", "code", column) if name not in table.columns]
    if missing:
        raise EvaluationError(
            f"{where} lacks {', '.join(missing)}: expected date, code, {column}; got {', '.join(table.columns)}. "
            "Another value's name is said with --column NAME"
        )
    kept = {"date": "date", "code": "code", column: "factor"}
    if column != "pret" and "pret" in table.columns:
        kept["pret"] = "pret"
    return table.select(pl.col(name).alias(alias) for name, alias in kept.items())


def polars_of(frame: Any, column: str) -> pl.DataFrame:
    """The table as Polars'; raises EvaluationError for what is no table."""
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame
    if type(frame).__module__.partition(".")[0] != "pandas":
        raise EvaluationError(
            f"a factor is a Polars or pandas table of date, code, {column}; got {type(frame).__name__}"
        )
    plain: Any = frame.to_frame(frame.name or column) if hasattr(frame, "to_frame") else frame
    if any(name is not None for name in plain.index.names):
        plain = plain.reset_index()
    return pl.from_pandas(plain)


def as_identities(table: pl.DataFrame, identities: Identities) -> pl.DataFrame:
    """The table with the store's spelling of codes, a changed one as its newest; unreadable ones as they were."""
    spelled = identities.of(canonical_codes(table["code"]).alias("code"))
    return table.with_columns(pl.Series("code", spelled).fill_null(table["code"].cast(pl.String)))
