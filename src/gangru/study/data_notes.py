"""What a reader has to know about the data, found by looking at them."""

from typing import Any

import numpy as np

from gangru.evaluation.remark import Remark, remark
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
    notes: list[str] = [
        remark(
            "{stocks} stocks, {first} to {last}, {bars} traded bars; {ended} stocks have not traded in the last 20 "
            "days.",
            stocks=f"{int(traded.any(axis=0).sum()):,}",
            first=market.dates[0],
            last=market.dates[-1],
            bars=f"{bars:,}",
            ended=f"{int(ended.sum()):,}",
        ),
        remark("ST state is unknown for {share} of bars.", share=share((market.is_st == -1) & traded)),
        remark(
            "No usable vwap for {share} of bars: no amount, or prices on another basis.",
            share=share(np.isnan(vwap) & traded),
        ),
        remark(
            "No float shares for {share} of bars: no size, no neutralised factor.",
            share=share(np.isnan(market.float_shares) & traded),
        ),
    ]
    if (inputs.facts.names_as_of(market.dates[-1].item())["name_from"] == OF_TODAY).any():
        notes.append(
            remark(
                "Names are those of the list of securities as ingested, not of the date they stand beside."
            )
        )
    return notes + flag_notes(inputs)


def flag_notes(inputs: Inputs) -> list[Remark]:
    """What the flags of the bars say, of the rows up to the market's last day."""
    flags = inputs.workspace.store.read("bars", columns=FLAGS, end=inputs.market.dates[-1].item())
    notes = []
    if missing := int(flags["factor"].null_count()):
        notes.append(
            remark(
                "No factor in {rows} rows: the stock's last one is used, or prices as they are.",
                rows=f"{missing:,}",
            )
        )
    shares = {
        name: f"{flags[name].sum() / max(len(flags), 1):.1%}" for name in FLAGS[:3] if flags[name].any()
    }
    if share := shares.get("amount_est"):
        notes.append(remark("Amount is estimated for {share} of rows.", share=share))
    if share := shares.get("shares_est"):
        notes.append(remark("Float shares are carried from another date for {share} of rows.", share=share))
    if share := shares.get("st_inferred"):
        notes.append(remark("ST state is inferred, not observed, for {share} of rows.", share=share))
    return notes
