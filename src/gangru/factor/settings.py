"""Settings of the factor stage."""

from dataclasses import dataclass
from typing import Literal

from gangru.settings import Settings, setting


@dataclass(frozen=True)
class FactorSettings(Settings):
    """Section [factor]."""

    dates: Literal["month_end", "week_end", "daily"] = setting(
        "month_end", "When the factor is taken: each month's or week's last trading day, or every day."
    )
    neutralise: Literal["industry_size", "industry", "size", "none"] = setting(
        "industry_size",
        "What is regressed out of pRet on each date: industry dummies, log float market value.",
    )
    clip_mad: float = setting(
        3.0,
        "pRet is clipped at median ± this × 1.4826 × MAD before the regression; 0 = not.",
        unit="MADs",
        ge=0,
    )
    taxonomy: str = setting("sw", "Industry taxonomy of the dummies, as named in the store.")
