"""Settings of the simulated market."""

from dataclasses import dataclass

from gangru.settings import Settings, setting


@dataclass(frozen=True)
class SimulateSettings(Settings):
    """Section [simulate]."""

    seed: int = setting(1, "Seed of all random draws: the same seed gives the same market.", ge=0)
    stocks: int = setting(400, "Stocks ever listed.", ge=50, le=5000)
    first: str = setting("2017-01-03", "First day of the bars.", unit="YYYY-MM-DD")
    last: str = setting("2020-06-30", "Last day of the bars.", unit="YYYY-MM-DD")
    strength: float = setting(
        0.0085,
        "Standard deviation across stocks of the planted expected 20-day return; 0 is pure noise.",
        unit="fraction",
        ge=0,
        le=0.05,
    )
    drift: float = setting(
        0.0002, "Expected daily return that all stocks share.", unit="fraction", ge=-0.002, le=0.002
    )
    industries: int = setting(28, "Industries, the last of them with one stock.", ge=2, le=100)
    taxonomy: str = setting(
        "sw", "Name of the industry taxonomy in the written file, which also has citic (or sw beside citic)."
    )
    new_listings: float = setting(0.15, "Share of the stocks that are listed within the span.", ge=0, le=0.5)
    beijing: float = setting(
        0.15, "Share of the listings from 2021-11-15 on that are in Beijing.", unit="fraction", ge=0, le=0.5
    )
    st: float = setting(0.03, "Share of the stocks that are ST at any time.", ge=0, le=0.3)
    delistings: float = setting(0.008, "Share of the stocks that are delisted a year.", ge=0, le=0.1)
    relistings: float = setting(
        0.005,
        "Share of the stocks that leave the market and are listed again a year or more later.",
        ge=0,
        le=0.05,
    )
    code_changes: float = setting(
        0.005, "Share of the stocks that get another code, besides Beijing's on 2025-10-09.", ge=0, le=0.05
    )
    suspensions: float = setting(
        0.5, "Suspensions that a stock goes through a year, one in eight a long one.", ge=0, le=5
    )
    long_suspensions: float = setting(
        0.004, "Suspensions of half a year to two years that a stock goes through a year.", ge=0, le=0.2
    )
    rights: float = setting(0.01, "Rights issues of a stock a year.", ge=0, le=0.5)
    news: float = setting(
        0.004,
        "Share of a stock's days with news that moves it by 10 to 20 %, up or down alike.",
        ge=0,
        le=0.05,
    )
