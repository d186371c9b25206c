"""A block of stocks' windows filled, clipped and standardised over their own days, in a core's cache.

Legend: N stocks of the block, T days, F features, C = N·F series. Days come first where series are computed with, so
that an operation runs over C values in one piece, a series' result depends on nothing beside it, and sums over the
days are taken by halves. A series is sorted once: that gives its median, and its MAD without another sort.
"""

import numpy as np
from numpy.typing import NDArray

from gangru.features.gathering import pieces
from gangru.features.settings import FeatureSettings

F32 = NDArray[np.float32]
Bools = NDArray[np.bool_]
MAD_TO_SIGMA = 1.4826  # makes the MAD of a normal sample estimate its standard deviation
FLAT = 1e-6  # a spread below this share of the level is rounding of float32, not movement
STRIPE = 256  # series that are turned at a time: both sides stay in the nearest cache


def scale_days(x_TNF: F32, carry: Bools, settings: FeatureSettings, out_NTF: F32) -> int:
    """Scale raw windows, NaN where something is missing, into `out_NTF`; a constant series gives 0.

    The ranked series, which are the last ones, are filled and else left as they are. Gives the number of stocks that
    had something to fill. `x_TNF` is used up. Both arrays are in C order.
    """
    days, stocks, features = x_TNF.shape
    x_TC = x_TNF.reshape(days, -1)
    spare_TC = np.empty_like(x_TC)
    series_CT = spare_TC.reshape(-1, days)
    turn(x_TC.T, series_CT)
    gaps = fill_gaps(series_CT.reshape(stocks, features, days), carry)
    series, day = np.divmod(gaps, days)
    x_TC[day, series] = series_CT[series, day]
    ranked = slice(features - len(settings.ranked), features)
    rank_TNF = x_TNF[:, :, ranked].copy()
    series_CT.sort(axis=1)
    centre_C = middle(series_CT)
    level_C = np.abs(centre_C)
    x_TC -= centre_C  # centred first: float32 keeps the small movements of a large price
    if settings.clip == "mad":
        sorted_TC = np.empty_like(x_TC)
        turn(series_CT, sorted_TC.T)
        mad_C = middle_distance(sorted_TC, centre_C, spare_TC) * MAD_TO_SIGMA
        clip_by_mad(x_TC, mad_C, mad_C <= FLAT * level_C, settings.clip_width)
    elif settings.clip == "sigma":
        clip_by_sigma(x_TC, settings.clip_width, spare_TC)
    standardise(x_TC, level_C, spare_TC)
    x_TNF[:, :, ranked] = rank_TNF
    pieces(out_NTF)[:] = pieces(x_TNF).T
    return distinct(series // features)


def turn(source_CT: F32, out_CT: F32) -> None:
    """Copy between arrays of which one holds series, the other days, in one piece."""
    for start in range(0, len(out_CT), STRIPE):
        out_CT[start : start + STRIPE] = source_CT[start : start + STRIPE]


def distinct(ascending: NDArray[np.int64]) -> int:
    """How many different numbers there are."""
    return 1 + int(np.count_nonzero(np.diff(ascending))) if len(ascending) else 0


def fill_gaps(x_NFT: F32, carry: Bools) -> NDArray[np.int64]:
    """Fill days without a value in place: carried features keep their last, or take their first; others get 0.

    Gives the positions that were filled in the flattened array, ascending; a carried series without any value gets 0.
    """
    features, days = x_NFT.shape[1:]
    flat = x_NFT.reshape(-1)
    gaps = np.flatnonzero(np.isnan(flat))
    if len(gaps) == 0:
        return gaps
    series, day = np.divmod(gaps, days)
    begins = np.flatnonzero((np.diff(gaps, prepend=-2) != 1) | (day == 0))  # of runs of missing days
    ends = np.append(begins[1:], len(gaps)) - 1
    leads, trails = day[begins] == 0, day[ends] == days - 1
    known = carry[series[begins] % features] & ~(leads & trails)
    source = np.where(leads, gaps[ends] + 1, gaps[begins] - 1)
    value = np.where(known, flat[np.where(known, source, 0)], 0)
    flat[gaps] = np.repeat(value, ends - begins + 1)
    return gaps


def middle(sorted_CT: F32) -> F32:
    """Median of sorted series, (C,)."""
    half = sorted_CT.shape[1] // 2
    if sorted_CT.shape[1] % 2:
        return sorted_CT[:, half].copy()
    return np.asarray((sorted_CT[:, half - 1] + sorted_CT[:, half]) / 2, dtype=np.float32)


def clip_by_mad(x_TC: F32, mad_C: F32, flat_C: Bools, width: float) -> None:
    """Clip centred series at `width` MADs on either side; at mean ± `width` σ where more than half of one is flat."""
    high_C = np.float32(width) * mad_C
    low_C = -high_C
    flat = np.flatnonzero(flat_C)
    if len(flat):
        still_TC = x_TC[:, flat]
        low_C[flat], high_C[flat] = sigma_bounds(still_TC, width, np.empty_like(still_TC))
    np.minimum(x_TC, high_C, out=x_TC)
    np.maximum(x_TC, low_C, out=x_TC)


def clip_by_sigma(x_TC: F32, width: float, spare_TC: F32) -> None:
    """Clip series at mean ± `width` σ."""
    low_C, high_C = sigma_bounds(x_TC, width, spare_TC)
    np.minimum(x_TC, high_C, out=x_TC)
    np.maximum(x_TC, low_C, out=x_TC)


def sigma_bounds(x_TC: F32, width: float, spare_TC: F32) -> tuple[F32, F32]:
    """mean − width·σ and mean + width·σ of each series, (C,)."""
    count = np.float32(len(x_TC))
    mean_C = over_days(np.add, x_TC, spare_TC) / count
    apart_TC = np.subtract(x_TC, mean_C, out=spare_TC[: len(x_TC)])
    np.multiply(apart_TC, apart_TC, out=apart_TC)
    reach_C = np.float32(width) * np.sqrt(over_days(np.add, apart_TC, apart_TC) / count)
    return mean_C - reach_C, mean_C + reach_C


def middle_distance(sorted_TC: F32, centre_C: F32, spare_TC: F32) -> F32:
    """Median distance of sorted series from their median, (C,); both arrays are used up.

    Distances grow away from the median on either side. Pair each value below it, from the farthest on, with one above,
    from the nearest on: the greatest of the pairs' lesser distances and the least of their greater ones are the two
    middle ones of all; the median itself, in a series of odd length, moves the middle to the first of the two.
    """
    days = len(sorted_TC)
    half = days // 2
    below_TC = np.subtract(centre_C, sorted_TC[:half], out=spare_TC[:half])
    above_TC = sorted_TC[days - half :]
    above_TC -= centre_C
    lesser_TC = np.minimum(below_TC, above_TC, out=spare_TC[half : 2 * half])
    lower_C = over_days(np.maximum, lesser_TC, lesser_TC)
    if days % 2:
        return lower_C
    greater_TC = np.maximum(below_TC, above_TC, out=below_TC)
    return np.asarray((lower_C + over_days(np.minimum, greater_TC, greater_TC)) / 2, dtype=np.float32)


def standardise(x_TC: F32, level_C: F32, spare_TC: F32) -> None:
    """z-score of each series in place; 0 where it moves by less than rounding."""
    days = len(x_TC)
    x_TC -= over_days(np.add, x_TC, spare_TC) / days
    squares_TC = np.multiply(x_TC, x_TC, out=spare_TC[:days])
    spread_C = np.sqrt(over_days(np.add, squares_TC, squares_TC) / days)
    x_TC /= np.where(spread_C > FLAT * level_C, spread_C, np.float32(np.inf))


def over_days(combine: np.ufunc, x_TC: F32, spare_TC: F32) -> F32:
    """Sum or least value over the days, (C,), by halves: a row of `spare_TC`, which may be `x_TC` itself."""
    part_TC, count = x_TC, len(x_TC)
    while count > 1:
        half = count // 2
        combine(part_TC[:half], part_TC[half : 2 * half], out=spare_TC[:half])
        if count % 2:
            combine(spare_TC[0], part_TC[2 * half], out=spare_TC[0])
        part_TC, count = spare_TC, half
    combined_C: F32 = part_TC[0]
    return combined_C
