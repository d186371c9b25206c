"""Tushare Pro (tushare.pro) as a source; needs the package `tushare` and a token in TUSHARE_TOKEN."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from gangru.market.sources.vendors import tushare_bars, tushare_facts, tushare_groups
from gangru.market.sources.vendors.asked import Asked, days_asked, limits, now_in_shanghai
from gangru.market.sources.vendors.calls import Caller
from gangru.market.sources.vendors.secret import Secret, secret_from_environment
from gangru.market.sources.vendors.spool import Spool
from gangru.market.sources.vendors.tushare_client import TOKEN, Query, Tushare, caller_for, connect
from gangru.market.sources.vendors.vendor import Remarks, Vendor

FETCHES = {
    "calendar": tushare_facts.calendar,
    "securities": tushare_facts.securities,
    "names": tushare_facts.names,
    "st": tushare_facts.st,
    "suspensions": tushare_facts.suspensions,
    "industry": tushare_groups.industry,
    "members": tushare_groups.members,
    "index": tushare_bars.index_bars,
    "bars": tushare_bars.bars,
}


def open_source(
    asked: Asked,
    directory: Path,
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] = now_in_shanghai,
    connected: Callable[[Secret], Query] = connect,
    calling: Callable[[Secret], Caller] = caller_for,
) -> Vendor:
    """Tushare as a source that keeps what it fetches in `directory` until it is in the store.

    Raises InputError without a token, without the package, or for a kind that Tushare does not have.
    """
    spool, remarks = Spool(directory), Remarks()
    asked.wanted(tuple(FETCHES), "tushare")
    secret = secret_from_environment(
        TOKEN, "tushare", "your token is under Personal Centre on tushare.pro", environment
    )
    days = days_asked(asked, spool, clock)
    fetch = Tushare(connected(secret), calling(secret), spool, asked, days, remarks)
    remarks.notes.extend(f"tushare: {limit}" for limit in limits(asked, days, clock))
    fetches = {kind: partial(function, fetch) for kind, function in FETCHES.items()}
    return Vendor("tushare", fetches, asked, spool, remarks)
