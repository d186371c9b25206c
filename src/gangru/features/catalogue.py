"""The catalogue of daily price-volume series: each with its formula, unit, the columns it needs and its gap rule.

The publication names close, open, volume and turnover rate, "etc."; the other fourteen are decided here. Every series
at day t is computed from the bars of t and of the stock's last traded day before t.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from gangru.errors import SettingsError
from gangru.features.blocks import blocks_of
from gangru.features.settings import FeatureSettings, rank_name
from gangru.market.daily import DailyMarket, Floats, carried
from gangru.market.ranks import average_ranks

DAYS = 16  # that are ranked at a time: what that takes beside the series stays small


class Bars:
    """Adjusted prices and the previous close, made once each and shared by the formulas; all (D, N).

    `market` may hold some stocks of many; `market_return`, (D, 1), is then that of all of them.
    """

    def __init__(self, market: DailyMarket, market_return: Floats | None = None) -> None:
        self.market = market
        self._market_return = market_return

    @cached_property
    def open(self) -> Floats:
        return self.market.adjusted("open")

    @cached_property
    def high(self) -> Floats:
        return self.market.adjusted("high")

    @cached_property
    def low(self) -> Floats:
        return self.market.adjusted("low")

    @cached_property
    def close(self) -> Floats:
        return self.market.adjusted("close")

    @cached_property
    def vwap(self) -> Floats:
        return self.market.adjusted("vwap")

    @cached_property
    def previous_close(self) -> Floats:
        """Adjusted close of the last traded day before, NaN on a stock's first."""
        last = carried(self.close)
        return np.concatenate([np.full_like(last[:1], np.nan), last[:-1]])

    @cached_property
    def return_1d(self) -> Floats:
        return self.close / self.previous_close - 1

    @cached_property
    def market_return(self) -> Floats:
        """Equal-weight mean return of all that traded on the day, (D, 1)."""
        if self._market_return is not None:
            return self._market_return
        count = np.isfinite(self.return_1d).sum(axis=1, keepdims=True)
        total = np.nansum(self.return_1d, axis=1, keepdims=True)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@dataclass(frozen=True)
class Feature:
    """One daily series. `gap` says what stands on a day without trading inside a window: the last value, or 0.

    A formula is given whole histories, but some stocks at a time; `across` says that it needs all stocks at once.
    """

    name: str
    formula: str
    unit: str
    needs: tuple[str, ...]
    gap: Literal["carry", "zero"]
    compute: Callable[[Bars], Floats]
    across: bool = False


def close_position(bars: Bars) -> Floats:
    """Where the close lies in the day's range, 0 at the low, 1 at the high, ½ where the day had one price."""
    spread = bars.high - bars.low
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > 0, (bars.close - bars.low) / spread, np.where(np.isnan(spread), np.nan, 0.5))


def amihud(bars: Bars) -> Floats:
    """|Return| a hundred million yuan of amount (Amihud 2002, a day's term of the sum)."""
    amount = np.where(bars.market.amount > 0, bars.market.amount, np.nan)
    return np.abs(bars.return_1d) / amount * 1e8


_PRICE = ("open", "high", "low", "close", "factor")

CATALOGUE: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature("open", "open × factor", "yuan, adjusted", ("open", "factor"), "carry", lambda b: b.open),
        Feature("high", "high × factor", "yuan, adjusted", ("high", "factor"), "carry", lambda b: b.high),
        Feature("low", "low × factor", "yuan, adjusted", ("low", "factor"), "carry", lambda b: b.low),
        Feature("close", "close × factor", "yuan, adjusted", ("close", "factor"), "carry", lambda b: b.close),
        Feature(
            "vwap",
            "amount / volume × factor",
            "yuan, adjusted",
            ("amount", "volume", "factor"),
            "carry",
            lambda b: b.vwap,
        ),
        Feature(
            "volume",
            "volume / factor",
            "shares, adjusted",
            ("volume", "factor"),
            "zero",
            lambda b: b.market.volume / b.market.factor,
        ),
        Feature("amount", "amount", "yuan", ("amount",), "zero", lambda b: b.market.amount),
        Feature(
            "turnover",
            "volume / float_shares",
            "fraction",
            ("volume", "float_shares"),
            "zero",
            lambda b: b.market.volume / b.market.float_shares,
        ),
        Feature(
            "return_1d", "close / close₋₁ − 1", "fraction", ("close", "factor"), "zero", lambda b: b.return_1d
        ),
        Feature(
            "overnight_gap",
            "open / close₋₁ − 1",
            "fraction",
            ("open", "close", "factor"),
            "zero",
            lambda b: b.open / b.previous_close - 1,
        ),
        Feature(
            "intraday_return",
            "close / open − 1",
            "fraction",
            ("open", "close"),
            "zero",
            lambda b: b.close / b.open - 1,
        ),
        Feature(
            "amplitude",
            "(high − low) / close₋₁",
            "fraction",
            _PRICE,
            "zero",
            lambda b: (b.high - b.low) / b.previous_close,
        ),
        Feature(
            "upper_shadow",
            "(high − max(open, close)) / close₋₁",
            "fraction",
            _PRICE,
            "zero",
            lambda b: (b.high - np.maximum(b.open, b.close)) / b.previous_close,
        ),
        Feature(
            "lower_shadow",
            "(min(open, close) − low) / close₋₁",
            "fraction",
            _PRICE,
            "zero",
            lambda b: (np.minimum(b.open, b.close) - b.low) / b.previous_close,
        ),
        Feature(
            "close_position",
            "(close − low) / (high − low); ½ where high = low",
            "fraction",
            ("high", "low", "close"),
            "carry",
            close_position,
        ),
        Feature(
            "excess_return",
            "return_1d − mean return_1d of all that traded",
            "fraction",
            ("close", "factor"),
            "zero",
            lambda b: b.return_1d - b.market_return,
        ),
        Feature(
            "amihud",
            "|return_1d| / amount × 10⁸",
            "per 100 million yuan",
            ("close", "amount"),
            "carry",
            amihud,
        ),
        Feature(
            "close_over_vwap",
            "close / vwap − 1",
            "fraction",
            ("close", "amount", "volume"),
            "zero",
            lambda b: b.close / b.vwap - 1,
        ),
    )
}


def features_of(settings: FeatureSettings, extra: tuple[Feature, ...] = ()) -> tuple[Feature, ...]:
    """The features of a window: those named, then the ranked ones; `extra` are a user's own.

    Raises SettingsError for an unknown name.
    """
    ranked = chosen_features(settings.ranked, extra) if settings.ranked else ()
    return (*chosen_features(settings.names, extra), *(ranked_feature(feature) for feature in ranked))


def ranked_feature(feature: Feature) -> Feature:
    """A feature's rank among all stocks that have it on the day; on a day without trading the last rank stands."""
    return Feature(
        rank_name(feature.name),
        f"rank of {feature.name} among all stocks that traded, the lowest −1, the highest 1",
        "rank",
        feature.needs,
        "carry",
        lambda bars: ranks_across(feature.compute(bars)),
        across=True,
    )


def ranks_across(series: Floats) -> Floats:
    """Ranks of each day's known values, evenly from −1 to 1, equal values at their mean rank; (D, N), NaN stays NaN.

    A lone value gets 0.
    """
    out = np.empty(series.shape)
    for days in blocks_of(len(series), DAYS):
        known = np.isfinite(series[days])
        count = known.sum(axis=1, keepdims=True)
        place = average_ranks(np.where(known, series[days], np.nan)) - 1  # from 0
        out[days] = 2 * place / np.maximum(count - 1, 1) - (count > 1)
    return out


def chosen_features(names: tuple[str, ...], extra: tuple[Feature, ...] = ()) -> tuple[Feature, ...]:
    """The features named, in that order; `extra` are a user's own. Raises SettingsError for an unknown name."""
    known = CATALOGUE | {feature.name: feature for feature in extra}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SettingsError(f"features.names has {', '.join(unknown)}; the catalogue has {', '.join(known)}")
    if len(set(names)) < len(names) or not names:
        raise SettingsError("features.names needs at least one name and each only once")
    return tuple(known[name] for name in names)
