"""Everything that a study says about days up to one, as digests of bytes that two markets can be compared by.

Legend: D days, N stocks, F features. Nothing here knows of any leak: it reads what the stages give, and counts bytes.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.factor.dates import factor_rows
from gangru.market.daily import Bools
from gangru.market.facts import OF_TODAY
from gangru.study import predicting, stages
from gangru.study.inputs import Inputs
from gangru.study.predicting import ServingFold
from gangru.training.batches import FoldData

DIGEST_BYTES = 12
MARKET = ("open", "high", "low", "close", "factor", "volume", "amount", "float_shares", "is_st", "status")


@dataclass(frozen=True)
class Part:
    """One kind of output: a digest for each item, in order, what an item is called, and the bytes digested."""

    name: str
    unit: str
    digests: dict[str, bytes]
    size: int


class Digests:
    """Collects the items of one part."""

    def __init__(self) -> None:
        self.items: dict[str, bytes] = {}
        self.size = 0

    def add(self, name: str, *values: NDArray[np.generic] | bytes) -> None:
        """Add an item: the digest of all values' bytes."""
        digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
        for value in values:
            content = value if isinstance(value, bytes) else np.ascontiguousarray(value).tobytes()
            digest.update(content)
            self.size += len(content)
        self.items[name] = digest.digest()

    def part(self, name: str, unit: str) -> Part:
        """What was collected."""
        return Part(name, unit, self.items, self.size)


def dates_to_predict(inputs: Inputs, day: date) -> list[np.datetime64]:
    """The dates up to `day` whose windows, predictions and factor are compared, ascending.

    The day itself and the one before, whose labels lie ahead; the one whose label has just ended; and the last
    factor date.
    """
    settings, dates = inputs.workspace.settings, inputs.market.dates
    last = inputs.market.date_index(np.datetime64(day))
    rule = factor_rows(dates, inputs.calendar, settings.factor.dates)
    rows = {last, last - 1, last - settings.label.reach, *rule[rule <= last][-1:].tolist()}
    return [dates[row] for row in sorted(rows) if row >= settings.features.window - 1]


def outputs_of_day(
    inputs: Inputs, day: date, predicted_on: list[np.datetime64], nets: ServingFold
) -> Iterator[Part]:
    """Every output dated up to `day`, of the stocks that traded up to it, one part at a time.

    `nets` predict; they are the same for both markets, so that a difference is one of the inputs.
    """
    market = inputs.market
    last = market.date_index(np.datetime64(day))
    known = np.asarray(np.isfinite(market.close[: last + 1]).any(axis=0))
    yield stocks_part(inputs, known)
    yield facts_part(inputs, day)
    yield days_part("bars", inputs, last, known, *(getattr(market, name) for name in MARKET))
    yield days_part("universe", inputs, last, known, inputs.universe.eligible)
    yield days_part("features", inputs, last, known, inputs.panel.values)
    yield days_part("labels", inputs, last - inputs.workspace.settings.label.reach, known, inputs.targets)
    yield days_part("float value", inputs, last, known, inputs.exposures.value)
    yield industries_part(inputs, last, known)
    yield windows_part(inputs, predicted_on)
    yield from factor_parts(inputs, predicted_on, nets)


def stocks_part(inputs: Inputs, known: Bools) -> Part:
    """The stocks that traded, in the order of their codes."""
    made = Digests()
    for code in inputs.market.codes[known]:
        made.add(str(code), str(code).encode())
    return made.part("stocks", "stocks")


def facts_part(inputs: Inputs, day: date) -> Part:
    """What is told of every stock as of the day: code, name, listing, ST, industries, indices.

    A name that only today's list of securities has is marked as that, and left out.
    """
    made = Digests()
    of_day = pl.when(pl.col("name_from") != OF_TODAY).then("name")
    for row in inputs.facts.as_of(day).with_columns(of_day.alias("name")).iter_rows(named=True):
        told = {name: value for name, value in row.items() if name != "name_from" or row["name"]}
        made.add(str(row["identity"]), repr(told).encode())
    return made.part("facts", "stocks")


def days_part(name: str, inputs: Inputs, last: int, known: Bools, *arrays: NDArray[np.generic]) -> Part:
    """(D, N, …) arrays, a digest a day up to the row `last`."""
    made = Digests()
    for row in range(last + 1):
        made.add(str(inputs.market.dates[row]), *(array[row][known] for array in arrays))
    return made.part(name, "days")


def industries_part(inputs: Inputs, last: int, known: Bools) -> Part:
    """Which stocks share an industry on each day; the industries' numbers themselves mean nothing."""
    made = Digests()
    for row in range(last + 1):
        own = inputs.exposures.industry[row][known]
        _, first, member = np.unique(own, return_index=True, return_inverse=True)
        made.add(str(inputs.market.dates[row]), first[member].astype(np.int32), own < 0)
    return made.part("industries", "days")


def windows_part(inputs: Inputs, dates: list[np.datetime64]) -> Part:
    """Scaled windows of each date, a digest a stock and date."""
    from gangru.features import windows

    made = Digests()
    for day in dates:
        row = inputs.market.date_index(day)
        of_date = windows.windows_of_date(
            inputs.panel, row, inputs.universe.eligible[row], inputs.workspace.settings.features
        )
        for stock, x in zip(of_date.stocks, of_date.x_NTF, strict=True):
            made.add(f"{inputs.market.codes[stock]} of {day}", x)
    return made.part("windows", "windows")


def factor_parts(inputs: Inputs, dates: list[np.datetime64], nets: ServingFold) -> Iterator[Part]:
    """Predictions and the factor made of them, a digest a stock and date, and one for what a date left out."""
    predictions, factors = Digests(), Digests()
    for day in dates:
        row = inputs.market.date_index(day)
        told = predicting.predicted(inputs, nets, row)
        predictions.add(f"what was left out of {day}", repr(sorted(told.counts.items())).encode())
        for stock, value in zip(told.stocks, told.pret, strict=True):
            predictions.add(f"{inputs.market.codes[stock]} of {day}", value)
        made = stages.neutral(inputs, told, told.pret, row, "audit")
        factors.add(f"what was left out of {day}", repr(sorted(made.dropped.items())).encode())
        for code, factor in made.table.select("code", "factor").iter_rows():
            factors.add(f"{code} of {day}", repr(factor).encode())
    yield predictions.part("predictions", "predictions")
    yield factors.part("factor", "factors")


def written_factor_part(inputs: Inputs, day: date) -> Part:
    """The factor table of the stage itself up to the day, from the nets in the audit's own run directory."""
    table = stages.make_factor(inputs, lambda _name, _done, _total: None).table
    made = Digests()
    for row in table.filter(pl.col("date") <= day).iter_rows():
        made.add(f"{row[0]} {row[1]}", repr(row).encode())
    return made.part("factor table", "rows")


def training_parts(data: FoldData, day: date) -> Iterator[Part]:
    """What a fold is trained on, a digest a sample date: windows, labels and codes; training dates up to `day` alone.

    Validation is compared where its labels have ended too: where `day` is the training day.
    """
    for role, samples in (("training inputs", data.train), ("validation inputs", data.valid)):
        made = Digests()
        for sample in samples:
            if sample.date <= np.datetime64(day):
                made.add(str(sample.date), sample.x_NTF.cpu().numpy(), sample.label_N, sample.codes_N)
        if made.items:
            yield made.part(role, "dates")


def compared(first: Part, second: Part) -> list[str]:
    """The items that are not the same bytes in both, in order."""
    names = list(dict.fromkeys([*first.digests, *second.digests]))
    return [name for name in names if first.digests.get(name) != second.digests.get(name)]
