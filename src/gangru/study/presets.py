"""Named sets of settings: what a study may start from instead of the published form. Explicit, and few."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gangru.errors import SettingsError


@dataclass(frozen=True)
class Preset:
    """Changes from the defaults, SECTION.KEY → value, and why somebody would want them."""

    name: str
    why: str
    changes: Mapping[str, Any]


PRESETS = {
    preset.name: preset
    for preset in (
        Preset("published", "GAN_GRU as published: every default.", {}),
        Preset(
            "plain-gru",
            "The GRU on real windows: the control that a GAN has to beat.",
            {"features.generator": "none"},
        ),
        Preset(
            "reconstruct",
            "GAN_GRU whose generator also pays for leaving the real window (λ = 10): no collapse, and half of what "
            "the published form loses to the plain GRU. See docs/results/ablation.md.",
            {"gan.reconstruction_weight": 10.0},
        ),
        Preset(
            "best",
            "What did best on the months to 2021-07, judged on 2022 and later: three GRUs on ranked series and neutral "
            "labels, LightGBM (an extra) and reversal beside them, a buffer against turnover. See docs/study.md.",
            {
                "features.generator": "none",
                "features.ranked": ("turnover", "amount", "amplitude", "amihud", "return_1d"),
                "label.neutralise": "industry_size",
                "predictor.beside": ("lightgbm", "reversal"),
                "training.stocks_per_date": 200,
                "training.validation_stocks_per_date": 1000,
                "training.seeds": 3,
                "portfolio.hold_until": 0.3,
            },
        ),
    )
}


def preset_changes(name: str | None) -> dict[str, Any]:
    """The changes of a preset, none without a name. Raises SettingsError for one that is not there."""
    if name is None:
        return {}
    if name not in PRESETS:
        raise SettingsError(f"--preset {name}: expected one of {', '.join(PRESETS)}")
    return dict(PRESETS[name].changes)
