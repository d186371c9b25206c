"""A factor table of the user's own: a file or a frame of date, code and a value, made ready to be evaluated."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from gangru.errors import EvaluationError, first_line
from gangru.evaluation.columns import TABLE, as_text, listed
from gangru.market.codes import canonical_codes
from gangru.market.identity import Identities
from gangru.market.sources.raw import REPEATED

COLUMN = "factor"
KEY = ("date", "code")
READ = {".parquet": "Parquet", ".csv": "CSV", ".txt": "CSV", ".gz": "CSV"}


def read_factor_file(path: Path, column: str = COLUMN) -> pl.DataFrame:
    """Read date, code and `column` (and pret, where it is there) of a CSV or Parquet file.

    Raises EvaluationError naming the file where it cannot be read, or a column is missing or there twice.
    """
    wanted = f"date, code, {column}"
    if path.suffix.lower() not in READ:
        raise EvaluationError(f"{path}: expected a .parquet or .csv file with the columns {wanted}")
    try:
        if READ[path.suffix.lower()] == "Parquet":
            table = pl.read_parquet(path, glob=False)
        else:
            # Codes keep their zeros and dates their form: types are decided column by column. Names of stocks may
            # be in another encoding; what is read here is not.
            table = pl.read_csv(path, infer_schema=False, encoding="utf8-lossy", glob=False)
    except FileNotFoundError as error:
        raise EvaluationError(f"{path} is not there: expected a file of {wanted}") from error
    except pl.exceptions.NoDataError as error:
        raise EvaluationError(f"{path} is empty: expected the columns {wanted}") from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise EvaluationError(
            f"{path} cannot be read as {READ[path.suffix.lower()]} ({first_line(error)}): "
            f"expected the columns {wanted}"
        ) from error
    twice = [name for name in (*KEY, column) if name + REPEATED in table.columns]
    if twice:
        raise EvaluationError(f"{path} has the column {twice[0]} twice: leave the one that is meant")
    return factor_table(table, column, where=str(path))


def factor_table(frame: Any, column: str = COLUMN, where: str = TABLE) -> pl.DataFrame:
    """Columns date, code, factor (the values of `column`) and perhaps pret, of a Polars or pandas table.

    A pandas index that has names becomes columns, and the values of a pandas series are the factor whatever their
    name, so that a series indexed by (date, code) is a table. Raises EvaluationError naming `where` and what came.
    """
    if column in KEY:
        raise EvaluationError(f"{where}: {column} is no value; name the column that holds the factor")
    table = polars_of(frame, column, where)
    missing = [name for name in (*KEY, column) if name not in table.columns]
    if missing:
        raise EvaluationError(
            f"{where} lacks {', '.join(missing)}: expected date, code, {column}; got {listed(table.columns)}. "
            f"{hint(missing, table.columns, column)}"
        )
    kept = {"date": "date", "code": "code", column: "factor"}
    if column != "pret" and "pret" in table.columns:
        kept["pret"] = "pret"
    return table.select(pl.col(name).alias(alias) for name, alias in kept.items())


def hint(missing: Sequence[str], columns: Sequence[str], column: str) -> str:
    """What to do about missing columns."""
    if list(missing) == [column]:
        return f"If the value has another name, say it (--column NAME, column=...) instead of {column}"
    if "code" in missing and any(canonical_codes(pl.Series(list(columns), dtype=pl.String)).is_not_null()):
        return "A table with a column for each stock is to be stacked: a row for each date and code"
    return "Rename the columns; a pandas index needs the names date and code"


def polars_of(frame: Any, column: str, where: str = TABLE) -> pl.DataFrame:
    """The table as Polars'; raises EvaluationError naming `where` for what is no table or cannot be one."""
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        try:
            return frame.collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise EvaluationError(f"{where} cannot be computed ({first_line(error)})") from error
    kind = pandas_kind(frame)
    if kind is None:
        raise EvaluationError(
            f"{where}: expected a Polars or pandas table of date, code, {column}; got {type(frame).__name__}"
        )
    plain: Any = frame.to_frame(column) if kind == "Series" else frame
    try:
        if any(name is not None for name in plain.index.names):
            plain = plain.reset_index()
        names = {str(name): name for name in plain.columns}
        if not {*KEY, column} <= set(names):
            return pl.DataFrame(schema=dict.fromkeys(names, pl.Null))  # enough to say what is missing
        wanted = [name for name in dict.fromkeys((*KEY, column, "pret")) if name in names]
        return pl.DataFrame([series_of(plain[names[name]], name) for name in wanted])
    except (TypeError, ValueError, NotImplementedError, pl.exceptions.PolarsError) as error:
        raise EvaluationError(
            f"{where} cannot be read as date, code, {column} ({first_line(error)})"
        ) from error


def pandas_kind(frame: Any) -> str | None:
    """DataFrame or Series for a pandas table or series, their subclasses too; None for anything else."""
    for kind in type(frame).__mro__:
        if kind.__module__.partition(".")[0] == "pandas" and kind.__name__ in ("DataFrame", "Series"):
            return kind.__name__
    return None


def series_of(values: Any, name: str) -> pl.Series:
    """A pandas column as Polars'; one of mixed objects by its text, which says what each is.

    Raises ValueError where the name stands for two columns.
    """
    if pandas_kind(values) != "Series":
        raise ValueError(f"the column {name} is there twice")
    kind = str(values.dtype)
    if kind == "object" or kind.startswith("period"):
        values = values.astype("string")
    return pl.Series(name, pl.from_pandas(values.reset_index(drop=True)))


def as_identities(table: pl.DataFrame, identities: Identities, source: str = TABLE) -> pl.DataFrame:
    """The table with the store's spelling of codes, a changed one as its newest; unreadable ones as they were.

    Raises EvaluationError naming `source` where the column holds no codes.
    """
    text = as_text(table["code"], source, "a code such as 600519.SH")
    return table.with_columns(identities.of(canonical_codes(text).alias("code")).fill_null(text))
