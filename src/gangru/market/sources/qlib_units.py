"""What the numbers of a Qlib directory mean: adjusted or raw, shares or lots, yuan or thousands.

Qlib's convention is price × factor and volume / factor, so that volume × vwap is the amount; the units are whatever the
collector had. What is declared in study.toml holds where the numbers do not contradict it; what is not declared is
taken where the numbers themselves show it, and asked for where they do not.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.errors import InputError
from gangru.market.sources.settings import SHARES, YUAN, DataSettings

Numbers = NDArray[np.float64]

FLOAT32 = 2.0**-23  # relative error of a quotient or product of two single-precision numbers
CLEAR, UNCLEAR = 0.9, 0.5  # shares of prices in whole cents that show them to be raw, and not to be
HIGHEST = 5e3  # yuan: up to here single precision resolves the cent a dozen times over
APART = np.log(1.25)  # units are factors of ten apart, a day's vwap and close are not


@dataclass(frozen=True)
class Conventions:
    """How the numbers of one directory become raw yuan and shares, and what showed it."""

    adjusted_prices: bool = True
    adjusted_volume: bool = True
    shares: float = 1.0  # in a unit of volume
    yuan: float = 1.0  # in a unit of amount
    raw_without_factor: bool = False  # prices of a stock that has no factor
    notes: tuple[str, ...] = ()


OURS = Conventions(raw_without_factor=True)  # of a directory that `gangru export qlib` wrote


def find_conventions(sample: pl.DataFrame, settings: DataSettings, where: str) -> Conventions:
    """Decide from a sample of stocks' rows as they stand in the files of the directory `where`.

    `sample` has the Float64 columns close, factor, volume and amount, NaN where a file has none. Raises InputError that
    says what to declare where neither the settings nor the numbers tell, or where they contradict each other.
    """
    numbers = {name: sample[name].to_numpy() for name in ("close", "factor", "volume", "amount")}
    adjusted, price_notes = find_prices(numbers["close"], numbers["factor"], settings, where)
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = numbers["close"] / numbers["factor"] if adjusted else numbers["close"]
    volume, divided, volume_notes = find_volume(numbers, raw, where)
    shares, yuan, unit_notes = find_units(volume, numbers["amount"], raw, settings, where)
    notes = (*price_notes, *volume_notes, *unit_notes)
    return Conventions(adjusted, divided, shares, yuan, notes=notes)


def find_prices(
    close: Numbers, factor: Numbers, settings: DataSettings, where: str
) -> tuple[bool, tuple[str, ...]]:
    """Whether prices are adjusted: raw ones are in whole cents."""
    declared = settings.units.get("price")
    if np.isnan(factor).all():
        if declared == "yuan":
            return False, ()
        raise InputError(
            f"{where} has no factor.day.bin, without which adjusted prices cannot be made raw: where they are raw, say "
            'so in study.toml: [data.units] price = "yuan"; else dump them with a factor'
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        raw_share, divided_share = whole_cents(close), whole_cents(close / factor)
    seen = f"{raw_share:.0%} of closes are in whole cents as they stand, {divided_share:.0%} after division by factor"
    if declared == "yuan":
        if divided_share > CLEAR and raw_share < UNCLEAR:
            raise InputError(
                f'{where}: {seen}, but study.toml says [data.units] price = "yuan": take that out'
            )
        return False, ()
    if raw_share > CLEAR and divided_share < UNCLEAR:
        raise InputError(
            f"{where}: {seen}: its prices seem raw, where Qlib's are price × factor. If they are, say so in "
            'study.toml: [data.units] price = "yuan"'
        )
    if divided_share < CLEAR:
        return True, (
            f"{where}: {seen}: price / factor is not the price that was traded (Yahoo's, for one, are without bonus "
            "shares); price limits, vwap and market value are off for such stocks",
        )
    return True, ()


def whole_cents(prices: Numbers) -> float:
    """The share of prices that are in whole cents within single precision; 1 where there are none to tell."""
    known = prices[np.isfinite(prices) & (prices > 0) & (prices < HIGHEST)]
    if not len(known):
        return 1.0
    return float(np.mean(np.abs(known - np.round(known, 2)) <= 2 * FLOAT32 * known))


def find_volume(
    numbers: dict[str, Numbers], raw: Numbers, where: str
) -> tuple[Numbers, bool, tuple[str, ...]]:
    """The volume of the day itself, whether the files have it divided by the factor, and a note where they have not.

    Amount / (volume × price) is about one number on all days where the volume is the day's own, else it moves with the
    factor.
    """
    as_is, factor = numbers["volume"], numbers["factor"]
    if np.isnan(factor).all():
        return as_is, False, ()
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        moved = spread(numbers["amount"] / (as_is * factor * raw))
        steady = spread(numbers["amount"] / (as_is * raw))
    if steady < APART and steady < moved / 2:
        note = f"{where}: volume is not divided by the factor, as amount / (volume × price) shows"
        return as_is, False, (note,)
    return as_is * factor, True, ()


def spread(ratios: Numbers) -> float:
    """Median distance of the logarithms from their median; infinite where there are none."""
    logs = logarithms(ratios)
    return float(np.median(np.abs(logs - np.median(logs)))) if len(logs) else np.inf


def logarithms(ratios: Numbers) -> Numbers:
    """Logarithms of those that have one."""
    return np.asarray(np.log(ratios[np.isfinite(ratios) & (ratios > 0)]))


def find_units(
    volume: Numbers, amount: Numbers, raw: Numbers, settings: DataSettings, where: str
) -> tuple[float, float, tuple[str, ...]]:
    """Shares in a unit of volume and yuan in a unit of amount.

    Amount / (volume × price) is shares over yuan a unit: 1 for shares and yuan, 0.1 for lots and thousand yuan.
    """
    declared_volume, declared_amount = settings.units.get("volume"), settings.units.get("amount")
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = logarithms(amount / (volume * raw))
    if not len(logs):
        if declared_volume is None:
            raise InputError(
                f"{where} has no amount beside the volume, so nothing shows the volume's unit. Say it in study.toml: "
                '[data.units] volume = "shares" (as Yahoo has it) or "lots" (as Tushare has it)'
            )
        return SHARES[declared_volume], YUAN[declared_amount or "yuan"], ()
    ratio = float(np.median(logs))
    fits = [
        (v, a)
        for v in SHARES
        for a in YUAN
        if abs(np.log(SHARES[v] / YUAN[a]) - ratio) < APART
        and declared_volume in {None, v}
        and declared_amount in {None, a}
    ]
    if declared_volume is None and declared_amount is None:  # the settings' own default, or nothing
        fits = [pair for pair in fits if pair == ("shares", "yuan")]
    if len(fits) == 1:
        return SHARES[fits[0][0]], YUAN[fits[0][1]], noted(fits[0], settings, where)
    raise unknown_units(float(np.exp(ratio)), settings, where)


def noted(found: tuple[str, str], settings: DataSettings, where: str) -> tuple[str, ...]:
    """Say which units were found where they were not declared."""
    names = ("volume", "amount")
    seen = [
        f"{name} in {unit}" for name, unit in zip(names, found, strict=True) if name not in settings.units
    ]
    return (f"{where}: amount / (volume × price) shows {' and '.join(seen)}",) if seen else ()


def unknown_units(ratio: float, settings: DataSettings, where: str) -> InputError:
    """Ask for the units, naming the pairs that the numbers allow."""
    pairs = [
        f'volume = "{v}" with amount = "{a}"'
        for v in SHARES
        for a in YUAN
        if abs(np.log(SHARES[v] / YUAN[a] / ratio)) < APART
    ]
    declared = {name: unit for name, unit in settings.units.items() if name in {"volume", "amount"}}
    said = f", which study.toml's {declared} does not fit" if declared else ""
    way = f"possible are {'; '.join(pairs)}" if pairs else "no pair of units that we know fits"
    return InputError(
        f"{where}: amount / (volume × price) is {ratio:.3g} in the median{said}. Say in study.toml under "
        f"[data.units] what they are measured in: {way}"
    )
