"""What is known of every stock as of a day: its code and name then, listing, standing, industries, indices.

Everything is read from the intervals that hold on the day. What only the list of securities has, today's name, is
given as that, and nothing is concluded from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from gangru.market.identity import (
    Identities,
    identities_of,
    unified_intervals,
    unified_listings,
    unified_securities,
)
from gangru.market.intervals import as_of
from gangru.market.standing import (
    DELISTING_NAME,
    SOURCES,
    ST_NAME,
    Evidence,
    deciding_source,
    settled,
)
from gangru.market.store import Store

OF_TODAY = "list of securities, not of the day"

OF_THE_DAY = "names"
HOLIDAY = timedelta(days=15)  # the longest without trading
FACTS = (
    "code_changes",
    "securities",
    "names",
    "st",
    "suspensions",
    "listings",
    "industry",
    "members",
)


@dataclass(frozen=True)
class Facts:
    """The tables of facts with a duration, every code replaced by its security's identity, and the store's bars.

    `bars` is lazy and has the store's own codes; the other frames have the columns of `market.schema`.
    """

    identities: Identities
    securities: pl.DataFrame
    names: pl.DataFrame
    st: pl.DataFrame
    suspensions: pl.DataFrame
    listings: pl.DataFrame
    industry: pl.DataFrame
    members: pl.DataFrame
    bars: pl.LazyFrame

    def as_of(self, day: date) -> pl.DataFrame:
        """One row a stock listed on `day`, in order of code; sees nothing that begins after the day.

        Columns: code (of the day), identity, name, name_from, listed_since, last_bar (up to the day), st (null where
        not known), st_from (which source said so), delisting_period, suspended, an industry_TAXONOMY for each
        taxonomy, and indices, a list. A stock whose bars ended without a delisting date is still here: `last_bar`
        tells. Flags of bars are those of the day's row, or of the last day before that has any.
        """
        listed = self.listed(day)
        rows = listed.join(self.day_flags(day), on="identity", how="left")
        rows = self.with_standing(self.with_names(rows, day), day)
        for taxonomy in self.industry["taxonomy"].unique().sort():
            own = as_of(self.industry.filter(pl.col("taxonomy") == taxonomy), day, ["code"], "industry")
            rows = rows.join(
                own.rename({"code": "identity", "industry": f"industry_{taxonomy}"}),
                on="identity",
                how="left",
            )
        members = as_of(self.members, day, ["index", "code"], None)
        indices = members.group_by("code").agg(pl.col("index").sort().alias("indices"))
        rows = rows.join(indices.rename({"code": "identity"}), on="identity", how="left")
        none: list[str] = []
        code = self.identities.codes_as_of(rows["identity"], day).alias("code")
        return rows.select(
            code, pl.exclude("observed", "inferred", "flagged", "indices"), pl.col("indices").fill_null(none)
        ).sort("code")

    def listed(self, day: date) -> pl.DataFrame:
        """identity, listed_since (null: before anything known) and last_bar of the stocks listed on a day."""
        seen = (
            self.bars.filter(pl.col("date") <= day)
            .group_by("code")
            .agg(pl.col("date").min().alias("first_bar"), pl.col("date").max().alias("last_bar"))
            .collect()
        )
        seen = seen.with_columns(self.identities.of(seen["code"]).alias("code"))
        seen = seen.group_by("code").agg(pl.col("first_bar").min(), pl.col("last_bar").max())
        own = self.listings.select("code", "start", "end")
        known = self.securities.select("code", start="list_date", end="delist_date")
        ends = known.select("code", delisted="end")
        own = own.join(ends, on="code", how="left").select(
            "code",
            "start",
            end=pl.coalesce("end", pl.when(pl.col("delisted") > pl.col("start")).then("delisted")),
        )
        spells = pl.concat([own, known.join(own, on="code", how="anti")])
        spells = spells.join(seen, on="code", how="full", coalesce=True)
        begun = pl.coalesce("start", "first_bar") <= day
        open_ended = pl.col("end").is_null() | (pl.col("end") > day)
        return spells.filter(begun, open_ended).select(
            pl.col("code").alias("identity"),
            listed_since=pl.coalesce("start", self.first_bar()),
            last_bar="last_bar",
        )

    def first_bar(self) -> pl.Expr:
        """The first bar, null where it is the store's first day: the stock was listed before."""
        first = self.bars.select(pl.col("date").min()).collect().item()
        return pl.when(pl.col("first_bar") > pl.lit(first, dtype=pl.Date)).then("first_bar")

    def day_flags(self, day: date) -> pl.DataFrame:
        """identity, observed and inferred ST flags (1, 0, null) and flagged suspensions of the day's bars.

        On a day without bars those of the last day that has some, unless it lies more than a holiday before.
        """
        last = self.bars.filter(pl.col("date") <= day).select(pl.col("date").max()).collect().item()
        if last is not None and day - last > HOLIDAY:
            last = None
        rows = (
            self.bars.filter(pl.col("date") == pl.lit(last, dtype=pl.Date))
            .select("code", "is_st", "st_inferred", "suspended", "volume")
            .collect()
        )
        guessed = pl.col("st_inferred").fill_null(value=False)
        newest = rows.with_columns(
            self.identities.of(rows["code"]).alias("identity"),
            pl.col("code").is_in(list(self.identities.newest)).alias("_old"),
            (pl.col("suspended").fill_null(value=False) | (pl.col("volume").fill_null(0) <= 0)).alias(
                "_idle"
            ),
        ).sort("identity", "_idle", "_old")
        return newest.unique("identity", keep="first", maintain_order=True).select(
            "identity",
            observed=pl.when(~guessed).then(pl.col("is_st")).cast(pl.Int8),
            inferred=pl.when(guessed).then(pl.col("is_st")).cast(pl.Int8),
            flagged="suspended",
        )

    def with_names(self, rows: pl.DataFrame, day: date) -> pl.DataFrame:
        """Add name and where it is from: the name of the day, else today's."""
        then = as_of(self.names, day, ["code"], "name").rename({"code": "identity", "name": "_then"})
        today = self.securities.select(identity="code", _today="name")
        named = rows.join(then, on="identity", how="left").join(today, on="identity", how="left")
        of_the_day = pl.when(pl.col("_then").is_not_null()).then(pl.lit(OF_THE_DAY))
        source = of_the_day.when(pl.col("_today").is_not_null()).then(pl.lit(OF_TODAY))
        return named.with_columns(name=pl.coalesce("_then", "_today"), name_from=source).drop("_today")

    def with_standing(self, rows: pl.DataFrame, day: date) -> pl.DataFrame:
        """Add st, st_from, delisting_period and suspended; `_then` is the name of the day."""
        inside = as_of(self.st, day, ["code"], None)["code"]
        begun = self.st.filter(pl.col("start") <= day)["code"]
        unknown = pl.lit(-1, dtype=pl.Int8)
        own = pl.col("identity").is_in(list(begun))
        flags = rows.select(
            observed=pl.col("observed").fill_null(unknown),
            table=pl.when(own).then(pl.col("identity").is_in(list(inside)).cast(pl.Int8)).otherwise(unknown),
            name=pl.col("_then").str.contains(ST_NAME).cast(pl.Int8).fill_null(unknown),
            inferred=pl.col("inferred").fill_null(unknown),
            absence=pl.when(own.not_() & pl.lit(len(begun) > 0)).then(pl.lit(0, pl.Int8)).otherwise(unknown),
        )
        evidence = Evidence(**{name: flags[name].to_numpy() for name in flags.columns})
        state = pl.Series(settled(evidence))
        source = np.array([*SOURCES, None], dtype=object)[deciding_source(evidence)]
        halted = as_of(self.suspensions, day, ["code"], None)["code"]
        return rows.with_columns(
            pl.select(pl.when(state >= 0).then(state == 1).alias("st")).to_series(),
            pl.Series("st_from", source.tolist(), dtype=pl.String),
            delisting_period=pl.col("_then").str.contains(DELISTING_NAME),
            suspended=pl.when(pl.col("identity").is_in(list(halted)))
            .then(pl.lit(value=True))
            .otherwise("flagged"),
        ).drop("_then")

    def names_as_of(self, day: date) -> pl.DataFrame:
        """code (identity) and name of every security on a day, today's where no other is known, and name_from."""
        known = pl.concat([self.securities["code"], self.names["code"]]).unique().sort()
        return self.with_names(pl.DataFrame({"identity": known}), day).select(
            code="identity", name="name", name_from="name_from"
        )


def facts_of(store: Store) -> Facts:
    """Read the facts of a store, at its pinned versions or the latest.

    Raises MarketError where its code changes contradict each other.
    """
    return facts_from({name: store.read(name) for name in FACTS}, store.scan("bars"))


def facts_from(tables: Mapping[str, pl.DataFrame], bars: pl.LazyFrame) -> Facts:
    """The facts that tables, by their names, hold; raises MarketError where the code changes contradict each other."""
    identities = identities_of(tables["code_changes"])

    def intervals(name: str, key: Sequence[str], value: str | None = None) -> pl.DataFrame:
        return unified_intervals(tables[name], key, value, identities)

    return Facts(
        identities=identities,
        securities=unified_securities(tables["securities"], identities),
        names=intervals("names", ["code"], "name"),
        st=intervals("st", ["code"]),
        suspensions=intervals("suspensions", ["code"]),
        listings=unified_listings(tables["listings"], identities),
        industry=intervals("industry", ["taxonomy", "code"], "industry"),
        members=intervals("members", ["index", "code"]),
        bars=bars,
    )
