"""The endpoints of Tushare Pro that are called: parameters, columns and limits as tushare.pro documents them.

The package itself has no signatures for them: its client turns every attribute into a query of that name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

_S, _F = pl.String(), pl.Float64()


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: what may be asked, which columns are asked for, and how many rows one call gives at most.

    Every endpoint also takes `limit` and `offset`. `points` is the account's standing from which it is open.
    """

    name: str
    parameters: tuple[str, ...]
    columns: Mapping[str, pl.DataType]
    page: int
    points: int
    per_minute: float | None = None  # where it is less than the account's


_DAY = ("ts_code", "trade_date", "start_date", "end_date")
_CLASSES = ("l1_code", "l2_code", "l3_code", "ts_code", "is_new")
_CLASS = {"l1_name": _S, "ts_code": _S, "in_date": _S, "out_date": _S}

TRADE_CAL = Endpoint(
    "trade_cal",
    ("exchange", "start_date", "end_date", "is_open"),
    {"cal_date": _S, "is_open": _F},
    2000,
    2000,
)
STOCK_BASIC = Endpoint(
    "stock_basic",
    ("ts_code", "name", "market", "list_status", "exchange", "is_hs"),
    {"ts_code": _S, "name": _S, "list_date": _S, "delist_date": _S},
    6000,
    2000,
    per_minute=50,
)
NAMECHANGE = Endpoint(
    "namechange",
    ("ts_code", "start_date", "end_date"),  # of the announcement, not of the name
    {"ts_code": _S, "name": _S, "start_date": _S, "end_date": _S, "ann_date": _S},
    10000,
    2000,
)
SUSPEND_D = Endpoint(
    "suspend_d",
    (*_DAY, "suspend_type"),
    {"ts_code": _S, "trade_date": _S, "suspend_timing": _S, "suspend_type": _S},
    5000,
    2000,
)
DAILY = Endpoint(
    "daily",
    _DAY,
    {
        "ts_code": _S,
        "trade_date": _S,
        "open": _F,  # yuan, unadjusted
        "high": _F,
        "low": _F,
        "close": _F,
        "vol": _F,  # lots of 100 shares
        "amount": _F,  # thousand yuan
    },
    6000,
    120,
)
ADJ_FACTOR = Endpoint("adj_factor", _DAY, {"ts_code": _S, "trade_date": _S, "adj_factor": _F}, 6000, 2000)
DAILY_BASIC = Endpoint(
    "daily_basic",
    _DAY,
    {"ts_code": _S, "trade_date": _S, "float_share": _F},  # ten thousand shares
    6000,
    2000,
)
INDEX_DAILY = Endpoint(
    "index_daily",
    _DAY,
    {
        "ts_code": _S,
        "trade_date": _S,
        "open": _F,
        "high": _F,
        "low": _F,
        "close": _F,
        "vol": _F,  # lots
        "amount": _F,  # thousand yuan
    },
    8000,
    2000,
)
INDEX_WEIGHT = Endpoint(
    "index_weight",
    ("index_code", "trade_date", "start_date", "end_date"),
    {"index_code": _S, "con_code": _S, "trade_date": _S},
    5000,
    2000,
)
INDEX_CLASSIFY = Endpoint(
    "index_classify",
    ("index_code", "level", "parent_code", "src"),
    {"index_code": _S, "industry_name": _S},
    2000,
    2000,
)
INDEX_MEMBER = Endpoint(  # the older one, which has the classes of the 2014 edition
    "index_member",
    ("index_code", "ts_code", "is_new"),
    {"con_code": _S, "in_date": _S, "out_date": _S},
    2000,
    2000,
)
INDEX_MEMBER_ALL = Endpoint("index_member_all", _CLASSES, _CLASS, 2000, 2000)
CI_INDEX_MEMBER = Endpoint("ci_index_member", _CLASSES, _CLASS, 5000, 5000)

ENDPOINTS: dict[str, Endpoint] = {
    endpoint.name: endpoint
    for endpoint in (
        TRADE_CAL,
        STOCK_BASIC,
        NAMECHANGE,
        SUSPEND_D,
        DAILY,
        ADJ_FACTOR,
        DAILY_BASIC,
        INDEX_DAILY,
        INDEX_WEIGHT,
        INDEX_CLASSIFY,
        INDEX_MEMBER,
        INDEX_MEMBER_ALL,
        CI_INDEX_MEMBER,
    )
}
