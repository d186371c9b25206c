"""What a simulated market holds, in numbers.

Legend: D trading days × N stocks.
"""

import numpy as np
import polars as pl

from gangru.market.daily import Floats
from gangru.market.simulate.bars import Bars
from gangru.market.simulate.events import VERY_LONG_DAYS, Events
from gangru.market.simulate.population import NEVER, Population
from gangru.market.simulate.spells import spells


def counts_of(bars: Bars, population: Population, events: Events, changes: pl.DataFrame) -> dict[str, int]:
    """Counts of stocks, bars and every kind of event that came about."""
    days, n = bars.present.shape
    traded = bars.traded
    suspended = spells(np.where(bars.present & ~traded, 0, -1))
    cents = np.round(bars.close * 100)
    up, down = (traded & (cents == np.round(limit * 100)) for limit in (bars.upper, bars.lower))
    after_first = np.zeros_like(traded)
    after_first[1:] = traded[1:] & ~np.isnan(bars.close[:-1]) & ~bars.free[1:]

    def came(share: Floats) -> int:
        return int((after_first & (share > 0)).sum())

    return {
        "stocks": n,
        "days": days,
        "bars": int(traded.sum()),
        "suspended_rows": int((bars.present & ~traded).sum()),
        "listed_within": int(population.is_new.sum()),
        "listed_in_beijing": int((population.boards == "beijing").sum()),
        "delisted": int((~bars.present[-1]).sum()),
        "listed_again": int((population.returns < NEVER).sum()),
        "code_changes": len(changes),
        "ever_st": int(bars.is_st.any(axis=0).sum()),
        "suspensions": len(suspended.stock),
        "suspensions_of_half_a_year": int((suspended.stop - suspended.start >= VERY_LONG_DAYS[0]).sum()),
        "dividends": came(events.dividend),
        "bonus_issues": came(events.bonus),
        "rights_issues": came(events.rights),
        "closes_at_upper_limit": int(up.sum()),
        "closes_at_lower_limit": int(down.sum()),
        "days_free_by_occasion": int((bars.free & traded).sum()),
        "industries": len(population.industry_names),
    }
