"""What a training learns to predict: the label as it is, or what is left of it beside a date's other stocks."""

import numpy as np

from gangru.factor.exposures import Exposures
from gangru.factor.neutralise import neutralise
from gangru.factor.settings import FactorSettings
from gangru.features.catalogue import ranks_across
from gangru.features.labels import LabelSettings
from gangru.market.daily import Bools, Floats


def build_targets(labels: Floats, eligible: Bools, exposures: Exposures, settings: LabelSettings) -> Floats:
    """The labels that trainings read, (D, N) float64, NaN where one is not known; the labels themselves by default.

    Otherwise each date's eligible stocks by themselves: the residual on industry and size of that date, standardised,
    then ranks from −1 to 1. A target at t sees what the labels of t see, and the exposures of t. A stock without the
    exposure asked for has none.
    """
    if settings.neutralise == "none" and not settings.ranked:
        return labels
    targets = np.where(eligible, labels, np.nan)
    if settings.neutralise != "none":
        out = FactorSettings(neutralise=settings.neutralise, clip_mad=0)
        for target, industry, value in zip(targets, exposures.industry, exposures.value, strict=True):
            target[:] = neutralise(target, industry, value, out).factor
    return ranks_across(targets) if settings.ranked else targets
