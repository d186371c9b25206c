"""What a reader has to know about the data, found by looking at them."""

from typing import Any

import numpy as np

from gangru.market.facts import OF_TODAY
from gangru.study.inputs import Inputs

FLAGS = ["amount_est", "shares_est", "st_inferred", "factor"]


def data_notes(inputs: Inputs) -> list[str]:
    """What a reader has to know about the data, found by looking at them."""
    market = inputs.market
    traded = market.traded
    bars = int(traded.sum())

    def share(mask: "np.ndarray[Any, np.dtype[np.bool_]]") -> str:
        return f"{mask.sum() / max(bars, 1):.1%}"

    vwap = market.vwap()
    ended = traded.any(axis=0) & ~traded[-20:].any(axis=0)
    notes = [
        f"{int(traded.any(axis=0).sum()):,} stocks, {market.dates[0]} to {market.dates[-1]}, {bars:,} traded bars; "
        f"{int(ended.sum()):,} stocks have not traded in the last 20 days.",
        f"ST state is unknown for {share((market.is_st == -1) & traded)} of bars.",
        f"No usable vwap for {share(np.isnan(vwap) & traded)} of bars: no amount, or prices on another basis.",
        f"No float shares for {share(np.isnan(market.float_shares) & traded)} of bars: no size, no neutralised factor.",
    ]
    if len(inputs.names) and (inputs.names["name_from"] == OF_TODAY).any():
        notes.append(
            "Names are those of the list of securities as ingested, not of the date they stand beside."
        )
    flags = inputs.workspace.store.read("bars", columns=FLAGS, end=market.dates[-1].item())
    if missing := int(flags["factor"].null_count()):
        notes.append(f"No factor in {missing:,} rows: the stock's last one is used, or prices as they are.")
    for name, what in (
        ("amount_est", "Amount is estimated"),
        ("shares_est", "Float shares are carried from another date"),
        ("st_inferred", "ST state is inferred, not observed,"),
    ):
        if flags[name].any():
            notes.append(f"{what} for {flags[name].sum() / max(len(flags), 1):.1%} of rows.")
    return notes
