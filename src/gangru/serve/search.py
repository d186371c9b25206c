"""Stocks by code or by any name they have had, in whatever width and case it is typed."""

import difflib
import unicodedata

import polars as pl

from gangru.market.facts import Facts

MOST = 50  # results that a page shows


def folded(text: str) -> str:
    """Text as it is compared: one width, one case, without blanks."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def index_of(facts: Facts, names: pl.DataFrame) -> pl.DataFrame:
    """code, name (the last), and `seen`: a row for each name and each old code a stock has had, folded."""
    earlier = facts.names.select("code", seen="name")
    codes = facts.identities.changes.select(old="old")
    old = codes.with_columns(facts.identities.of(codes["old"]).alias("code")).select("code", seen="old")
    own = names.select("code", seen="name")
    itself = names.select("code", seen="code")
    rows = pl.concat([itself, own, earlier, old]).drop_nulls("seen").unique(maintain_order=True)
    seen = rows.with_columns(pl.Series("seen", [folded(text) for text in rows["seen"]], dtype=pl.String))
    return seen.join(names, on="code", how="left", maintain_order="left")


def found(index: pl.DataFrame, asked: str) -> pl.DataFrame:
    """code and name of the stocks that fit, best first: the same, then beginning so, then having it somewhere."""
    text = folded(asked)
    if not text:
        return index.head(0).select("code", "name")
    quality = (
        pl.when(pl.col("seen") == text)
        .then(0)
        .when(pl.col("seen").str.starts_with(text))
        .then(1)
        .when(pl.col("seen").str.contains(text, literal=True))
        .then(2)
    )
    hits = (
        index.with_columns(quality=quality).drop_nulls("quality").sort("quality", "code", maintain_order=True)
    )
    return hits.unique("code", keep="first", maintain_order=True).select("code", "name")


def similar_codes(index: pl.DataFrame, asked: str, most: int = 5) -> list[str]:
    """Codes that look like what was asked for."""
    codes = index["code"].unique().sort()
    digits = "".join(ch for ch in unicodedata.normalize("NFKC", asked) if ch.isascii() and ch.isdigit())
    near = codes.filter(codes.str.starts_with(digits[:4])) if len(digits) >= 4 else codes
    pool = (near if len(near) else codes).to_list()
    return difflib.get_close_matches(asked.strip().upper(), pool, n=most, cutoff=0.5)
