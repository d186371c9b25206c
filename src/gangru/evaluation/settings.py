"""Sections `[evaluation]` and `[portfolio]` of study.toml."""

from dataclasses import dataclass

from gangru.settings import Settings, setting


@dataclass(frozen=True)
class EvaluationSettings(Settings):
    """How a factor is measured."""

    taxonomy: str = setting("sw", "Industry classification of the industry tables.")
    min_stocks: int = setting(30, "A month's IC needs at least this many stocks.", unit="stocks", ge=3)
    groups: int = setting(10, "Number of equal groups that the factor is sorted into.", ge=2, le=100)
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
    obey_rules: bool = setting(
        True, "Whether orders fail at closes sealed at a price limit and while trading is suspended."
    )
    commission: float = setting(
        0.00025,
        "Commission, buying or selling; stamp duty and transfer fee come on top.",
        unit="fraction",
        ge=0,
    )
