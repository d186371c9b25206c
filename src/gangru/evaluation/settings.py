"""Sections `[evaluation]` and `[portfolio]` of study.toml."""

from dataclasses import dataclass
from typing import Literal

from gangru.errors import SettingsError
from gangru.settings import Settings, setting


@dataclass(frozen=True)
class EvaluationSettings(Settings):
    """How a factor is measured."""

    taxonomy: str = setting("sw", "Industry classification of the industry tables.")
    min_stocks: int = setting(30, "A month's IC needs at least this many stocks.", unit="stocks", ge=3)
    groups: int = setting(10, "Number of equal groups that the factor is sorted into.", ge=2, le=100)
    horizon: int = setting(
        20,
        "Horizon of the ICs of every factor date, from the close after it.",
        unit="trading days",
        ge=1,
        le=250,
    )
    industry_fraction: float = setting(
        0.2, "Share of an industry's stocks in its long portfolio, at least 3 of them.", gt=0, le=1
    )
    small_industry: int = setting(
        10, "Industries with fewer stocks than this are marked as small.", unit="stocks", ge=0
    )
    newey_west_lag: int | None = setting(
        None, "Lag of the Newey–West t; left out, it follows from the number of months.", unit="months", ge=0
    )
    confidence: float = setting(0.95, "Coverage of the bootstrap interval of the mean IC.", gt=0, le=0.999)
    bootstrap_samples: int = setting(2000, "Resamples of the monthly ICs.", ge=100)
    bootstrap_block: float = setting(3.0, "Mean length of a resampled block.", unit="months", ge=1)
    bootstrap_seed: int = setting(0, "Seed of the resampling.", ge=0)


@dataclass(frozen=True)
class PortfolioSettings(Settings):
    """How the long portfolio is formed and what trading costs it."""

    fraction: float = setting(0.1, "Share of the stocks, best factor first, that is held.", gt=0, le=1)
    stocks: int = setting(
        0, "Number of stocks that is held, best factor first; 0 = by fraction.", unit="stocks", ge=0
    )
    hold_until: float = setting(
        0.0,
        "Buffer: a stock that was aimed at stays while it is among the best so large a share; 0 = none.",
        unit="fraction",
        ge=0,
        le=1,
    )
    industry_neutral: bool = setting(
        False, "Whether each industry is chosen from by itself and weighs what it weighs in the universe."
    )
    weighting: Literal["equal", "score"] = setting(
        "equal", "Equal weights, or in proportion to the score less the date's mean score."
    )
    max_weight: float = setting(1.0, "No stock is aimed at with more.", unit="fraction", gt=0, le=1)
    max_turnover: float = setting(
        1.0,
        "One-sided turnover of an execution day at most; what is aimed at comes nearer by that.",
        gt=0,
        le=1,
    )
    execution: Literal["close", "open", "vwap"] = setting(
        "close", "The price of the day after the factor date at which orders are filled."
    )
    unfilled: Literal["drop", "carry"] = setting(
        "drop",
        "A blocked order's weight goes to the other stocks, or the order is tried again on each day until the next "
        "execution day.",
    )
    obey_rules: bool = setting(
        True, "Whether orders fail at prices sealed at a price limit and while trading is suspended."
    )
    commission: float = setting(
        0.00025,
        "Commission, buying or selling; stamp duty and transfer fee come on top.",
        unit="fraction",
        ge=0,
        le=0.1,
    )
    slippage_bps: float = setting(
        0.0, "What a price is worse than the day's, buying or selling.", unit="basis points", ge=0, le=1000
    )
    account_yuan: float = setting(
        0.0,
        "Size of the account: with it lots, least commission, participation and impact; 0 = none.",
        unit="yuan",
        ge=0,
    )
    impact: float = setting(
        1.0,
        "Factor of the square-root impact, volatility × √(order / day's amount); needs account_yuan.",
        ge=0,
    )
    max_participation: float = setting(
        0.1,
        "Share of a day's amount that an order takes at most, 0 = no bound; needs account_yuan.",
        ge=0,
        le=1,
    )
    benchmark: str = setting(
        "universe",
        "What the excess is over: universe (its equal weight), or an index in the store such as 000300.SH.",
    )

    def __post_init__(self) -> None:
        """Raise SettingsError where a buffer is narrower than what is held."""
        super().__post_init__()
        if 0 < self.hold_until < self.fraction and not self.stocks:
            raise SettingsError(
                f"hold_until = {self.hold_until}: expected 0 or at least fraction = {self.fraction}"
            )
