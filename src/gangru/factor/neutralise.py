"""Neutralisation: what is left of a score once industry and size are regressed out, on each date alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangru.factor.settings import FactorSettings
from gangru.features.scaling import MAD_TO_SIGMA

Floats = NDArray[np.float64]
TINY = 1e-12


@dataclass(frozen=True)
class Neutralised:
    """The factor of one date, (N,), NaN where it could not be made, and how many were dropped for which reason."""

    factor: Floats
    dropped: dict[str, int]


def neutralise(
    score_N: Floats, industry_N: NDArray[np.int16], value_N: Floats, settings: FactorSettings
) -> Neutralised:
    """Residual of a least-squares regression on industry dummies and log float market value, then a z-score.

    One date's cross-section: `industry_N` is −1 where unknown, `value_N` in yuan, NaN where unknown. The score is
    clipped at median ± k·1.4826·MAD first. Regressing on dummies is the same as taking away each industry's mean from
    score and size (Frisch–Waugh–Lovell), which is how it is done. A stock alone in its industry gets the residual 0.
    """
    by_industry = settings.neutralise in ("industry", "industry_size")
    by_size = settings.neutralise in ("size", "industry_size")
    has_score = np.isfinite(score_N)
    has_industry = (industry_N >= 0) | (not by_industry)
    has_size = (np.isfinite(value_N) & (np.nan_to_num(value_N) > 0)) | (not by_size)
    keep = has_score & has_industry & has_size
    dropped = {
        "no prediction": int((~has_score).sum()),
        "no industry": int((has_score & ~has_industry).sum()),
        "no float market value": int((has_score & has_industry & ~has_size).sum()),
    }
    factor = np.full(len(score_N), np.nan)
    if keep.any():
        group = industry_N[keep] if by_industry else np.zeros(keep.sum(), dtype=np.int16)
        size = np.log(value_N[keep]) if by_size else None
        factor[keep] = z_score(residual(clip_mad(score_N[keep], settings.clip_mad), group, size))
    return Neutralised(factor, dropped)


def residual(score: Floats, group: NDArray[np.int16], size: Floats | None) -> Floats:
    """Residual on group dummies (a constant where all are one group) and, if given, on size."""
    y = demeaned(score, group)
    if size is None:
        return y
    x = demeaned(size, group)
    power = float(x @ x)
    return y if power < TINY else y - x * (float(x @ y) / power)


def demeaned(values: Floats, group: NDArray[np.int16]) -> Floats:
    """Values less their group's mean."""
    _, member = np.unique(group, return_inverse=True)
    mean = np.bincount(member, values) / np.bincount(member)
    return np.asarray(values - mean[member])


def clip_mad(values: Floats, width: float) -> Floats:
    """Values clipped at median ± width × 1.4826 × MAD; as they are where width or MAD is 0."""
    centre = np.median(values)
    reach = width * MAD_TO_SIGMA * np.median(np.abs(values - centre))
    return values if reach == 0 else np.clip(values, centre - reach, centre + reach)


def z_score(values: Floats) -> Floats:
    """(x − mean) / standard deviation; 0 where all agree."""
    spread = values.std()
    return np.zeros_like(values) if spread < TINY else (values - values.mean()) / spread


def known_z(values: Floats) -> Floats:
    """z-scores over the values that are known; NaN stays."""
    known = np.isfinite(values)
    out = np.full(len(values), np.nan)
    out[known] = z_score(values[known]) if known.any() else 0.0
    return out
