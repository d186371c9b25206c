"""Section `[enhance]` of study.toml."""

from dataclasses import dataclass

from gangru.settings import Settings, setting


@dataclass(frozen=True)
class EnhanceSettings(Settings):
    """How far a portfolio that enhances an index may stray from it."""

    index: str = setting("", 'Code of the index, such as "000300.SH"; empty: no index is enhanced.')
    tracking_error: float = setting(
        0.05, "Bound of the tracking error that the risk model expects.", unit="fraction a year", gt=0
    )
    industry: float = setting(
        0.02, "An industry's weight differs from the index's by at most this.", unit="weight", gt=0
    )
    size: float = setting(
        0.1,
        "The mean log float value differs from the index's by at most this.",
        unit="standard deviations",
        gt=0,
    )
    single: float = setting(
        0.01, "A stock's weight differs from its weight in the index by at most this.", unit="weight", gt=0
    )
    max_weight: float = setting(0.1, "No stock weighs more than this.", unit="weight", gt=0, le=1)
    turnover: float = setting(
        0.3, "One-sided turnover of a month, against the drifted weights.", unit="weight", gt=0
    )
    outside: float = setting(
        0.2, "Stocks outside the index weigh at most this together.", unit="weight", ge=0, le=1
    )
    candidates: int = setting(
        500, "Stocks with the best scores that can be bought beside the index's own.", unit="stocks", ge=0
    )
    risk_days: int = setting(
        242, "Trading days up to the factor date that the risk model sees.", unit="days", ge=20
    )
    risk_factors: int = setting(10, "Statistical factors of the risk model.", ge=1)
    solver: str = setting("CLARABEL", "Name of the cone solver that cvxpy calls.")
