"""Two studies' factors beside each other, date by date."""

import polars as pl

from gangru.serve.factors import FactorBook

SCHEMA = {
    "date": pl.Date,
    "common": pl.Int64,
    "correlation": pl.Float64,
    "a": pl.Int64,
    "b": pl.Int64,
    "both": pl.Int64,
    "overlap": pl.Float64,
}


def compared(a: FactorBook, b: FactorBook) -> pl.DataFrame:
    """Columns date, common, correlation, a, b, both, overlap of the dates that both have.

    `common` counts the stocks with both factors and `correlation` is theirs by Spearman; `a` and `b` are the sizes of
    the long lists, `both` those in the two, `overlap` their share of the shorter list.
    """
    dates = sorted(set(a.dates) & set(b.dates))
    if not dates:
        return pl.DataFrame(schema=SCHEMA)
    left, right = (
        book.table.filter(pl.col("date").is_in(dates)).select("date", "code", "factor", "listed")
        for book in (a, b)
    )
    pairs = left.join(right, on=["date", "code"], how="inner", suffix="_b").drop_nulls(["factor", "factor_b"])
    found = pairs.group_by("date").agg(
        common=pl.len().cast(pl.Int64),
        correlation=pl.corr("factor", "factor_b", method="spearman").fill_nan(None),
        both=(pl.col("listed") & pl.col("listed_b")).sum().cast(pl.Int64),
    )
    sizes = [
        side.group_by("date").agg(pl.col("listed").sum().cast(pl.Int64).alias(name))
        for side, name in ((left, "a"), (right, "b"))
    ]
    table = sizes[0].join(sizes[1], on="date", how="inner").join(found, on="date", how="left")
    shorter = pl.min_horizontal("a", "b")
    return (
        table.with_columns(
            pl.col("common", "both").fill_null(0),
            overlap=pl.when(shorter > 0).then(pl.col("both").fill_null(0) / shorter),
        )
        .select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
        .sort("date")
    )
