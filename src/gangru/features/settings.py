"""Settings of the feature stage, read by the catalogue, the panel and the windows."""

from dataclasses import dataclass
from typing import Literal

from gangru.settings import Settings, setting

NAMES = (
    "open",
    "high",
    "low",
    "close",
    "vwap",
    "volume",
    "amount",
    "turnover",
    "return_1d",
    "overnight_gap",
    "intraday_return",
    "amplitude",
    "upper_shadow",
    "lower_shadow",
    "close_position",
    "excess_return",
    "amihud",
    "close_over_vwap",
)


@dataclass(frozen=True)
class FeatureSettings(Settings):
    """Section [features]."""

    names: tuple[str, ...] = setting(
        NAMES, "The daily series that make a window, from the catalogue (`gangru features`)."
    )
    ranked: tuple[str, ...] = setting(
        (),
        "Series of the catalogue whose rank among all stocks that traded on the day, −1 to 1, is one more series of "
        "the window. It keeps its level: it is standardised across stocks, not over the window's days.",
    )
    window: int = setting(40, "Length of a window.", unit="trading days", ge=2)
    min_bars: int = setting(
        35, "A stock needs this many traded days in its window, and the last.", unit="days", ge=1
    )
    clip: Literal["mad", "sigma", "none"] = setting(
        "mad", "Outliers of a window: clipped at median ± width × 1.4826 × MAD, at mean ± width × σ, or kept."
    )
    clip_width: float = setting(3.0, "Where outliers are clipped.", unit="MADs or σ", gt=0)
    generator: Literal["gan", "none", "untrained", "ae"] = setting(
        "gan",
        "What the predictor reads: windows out of the GAN's generator, real windows, windows out of an untrained "
        "generator, or out of the same generator trained to reconstruct.",
    )

    @property
    def series(self) -> tuple[str, ...]:
        """Names of a window's series: those named, then the ranked ones."""
        return (*self.names, *(rank_name(name) for name in self.ranked))


def rank_name(name: str) -> str:
    """What a series' rank is called."""
    return f"{name}_rank"
