"""What is left of a factor once styles are regressed out, date by date, and what that still predicts.

M factor dates × N stocks, K styles and a constant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from gangru.evaluation.anatomy.styles import standardised
from gangru.evaluation.chunks import chunks
from gangru.evaluation.headline import icir
from gangru.evaluation.ic import mean_of_defined, pearson, spearman
from gangru.evaluation.performance import ratio
from gangru.evaluation.significance import newey_west_t
from gangru.market.daily import Bools, Floats

DEPENDENT = 1e-12  # eigenvalue of the Gram matrix, of the largest: below it styles repeat each other
NOTHING_LEFT = 1e-9  # length of the residual, of the factor's deviations: below it the rest is rounding
PASSES = 2  # the second takes away what rounding left of the first

SCHEMA = {
    "removed": pl.String,
    "ic": pl.Float64,
    "ic_before": pl.Float64,
    "rank_ic": pl.Float64,
    "rank_ic_before": pl.Float64,
    "share_left": pl.Float64,
    "rank_icir": pl.Float64,
    "t": pl.Float64,
    "months": pl.Int64,
    "explained": pl.Float64,
    "missing": pl.Int64,
}


@dataclass(frozen=True)
class Purified:
    """The residual in the factor's unit, (M, N); R² of each date, (M,); scored cells that lack each style, (K,)."""

    residual: Floats
    explained: Floats
    missing: tuple[int, ...]


@dataclass(frozen=True)
class MonthlyIcs:
    """Pearson and Spearman correlation of a factor with the return of each month, (M,), NaN where undefined."""

    ic: Floats
    rank_ic: Floats


def purified(scores_MN: Floats, styles: Sequence[Floats], min_stocks: int) -> Purified:
    """Least-squares residual of each date's factor on its z-scored styles and a constant.

    A style that a scored stock lacks is 0, the mean, after the z-score, and counted. Styles that repeat each other on a
    date count once. NaN on a date with fewer than `min_stocks` scored stocks or fewer than K + 2; 0 throughout, with
    R² NaN, where the factor is constant; 0 throughout where the styles explain it entirely, but for rounding.
    """
    m, n = scores_MN.shape
    residual, explained = np.full((m, n), np.nan), np.full(m, np.nan)
    missing = np.zeros(len(styles), dtype=np.int64)
    for part in chunks(m, n * (len(styles) + 1)):
        y = scores_MN[part]
        used = ~np.isnan(y)
        z = [standardised(style[part], y) for style in styles]
        missing += [int((used & np.isnan(one)).sum()) for one in z]
        enough = used.sum(axis=1) >= max(min_stocks, len(styles) + 2)
        left, share = residuals(y, np.stack([used, *map(np.nan_to_num, z)], axis=2), used)
        residual[part] = np.where(used & enough[:, None], left, np.nan)
        explained[part] = np.where(enough, share, np.nan)
    return Purified(residual, explained, tuple(missing.tolist()))


def residuals(y_MN: Floats, x_MNK: Floats, used: Bools) -> tuple[Floats, Floats]:
    """Residuals of y on x over the stocks `used`, (M, N), and R², (M,).

    The columns of x are about of one size, 0 where not used, the first of them the constant. Solved by the
    pseudo-inverse of the Gram matrix, all dates at once.
    """
    largest = np.abs(np.where(used, y_MN, 0)).max(axis=1, initial=0)[:, None]
    scale = np.where(largest > 0, largest, 1)
    y = np.where(used, y_MN, 0) / scale
    count = np.maximum(used.sum(axis=1), 1)[:, None]
    deviation = np.where(used, y - y.sum(axis=1, keepdims=True) / count, 0)
    transposed = x_MNK.transpose(0, 2, 1)
    inverse = np.linalg.pinv(transposed @ x_MNK, rcond=DEPENDENT, hermitian=True)
    left = deviation[:, :, None]
    for _ in range(PASSES):
        left = left - x_MNK @ (inverse @ (transposed @ left))
    length, whole = np.linalg.norm(left[:, :, 0], axis=1), np.linalg.norm(deviation, axis=1)
    varied = whole > NOTHING_LEFT * np.sqrt(count[:, 0])
    kept = varied & (length > NOTHING_LEFT * whole)
    rest = np.where(kept[:, None], left[:, :, 0] * scale, 0.0)
    r2 = 1 - np.where(kept, length, 0) ** 2 / np.where(varied, whole, 1) ** 2
    return rest, np.where(varied, r2, np.nan)


def purified_table(
    scores_MN: Floats, styles: Mapping[str, Floats], returns_MN: Floats, min_stocks: int
) -> pl.DataFrame:
    """What the factor predicts once all styles, and each alone, are taken out: one row each, "all" first.

    ic and rank_ic are means over `months` of the residual's Pearson and Spearman correlation with `returns_MN`,
    ic_before and rank_ic_before the factor's own over the same months, share_left = rank_ic / rank_ic_before, t of the
    rank IC after; explained is the mean R²; missing counts scored stocks × dates without a style, over all removed.
    """
    chosen: dict[str, list[Floats]] = {"all": list(styles.values())}
    chosen |= {name: [style] for name, style in styles.items()}
    before = monthly_ics(scores_MN, returns_MN, min_stocks)
    rows: list[dict[str, str | float | None]] = []
    for name, removed in chosen.items():
        pure = purified(scores_MN, removed, min_stocks)
        figures = before_and_after(before, monthly_ics(pure.residual, returns_MN, min_stocks))
        explained = mean_of_defined(pure.explained)
        rows.append({"removed": name, "explained": explained, "missing": sum(pure.missing), **figures})
    return pl.DataFrame(rows, schema=SCHEMA)


def monthly_ics(scores_MN: Floats, returns_MN: Floats, min_stocks: int) -> MonthlyIcs:
    """Both correlations of each month's scores with its returns."""
    return MonthlyIcs(
        pearson(scores_MN, returns_MN, min_stocks),
        spearman(scores_MN, returns_MN, min_stocks),
    )


def before_and_after(before: MonthlyIcs, after: MonthlyIcs) -> dict[str, float | int | None]:
    """Figures of a factor and of its residual over the months in which both have a rank IC; names as in SCHEMA."""
    both = ~np.isnan(before.rank_ic) & ~np.isnan(after.rank_ic)
    rank_ic, rank_ic_before = mean_of_defined(after.rank_ic[both]), mean_of_defined(before.rank_ic[both])
    return {
        "ic": mean_of_defined(after.ic[both]),
        "ic_before": mean_of_defined(before.ic[both]),
        "rank_ic": rank_ic,
        "rank_ic_before": rank_ic_before,
        "share_left": ratio(rank_ic, rank_ic_before),
        "rank_icir": icir(after.rank_ic[both]),
        "t": newey_west_t(after.rank_ic[both]),
        "months": int(both.sum()),
    }
