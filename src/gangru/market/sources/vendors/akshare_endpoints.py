"""The functions of akshare that are used, with the columns that are read from their answers.

Each scrapes one page of one site; the headers are those of the package 1.19.5, and are checked at every answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

_S, _D, _F = pl.String(), pl.Date(), pl.Float64()


@dataclass(frozen=True)
class Endpoint:
    """A function's name, the columns read, whether it may have no rows, and how often it may be called.

    `none` are the words of the ValueError by which the function says that there is nothing.
    """

    name: str
    columns: Mapping[str, pl.DataType]
    may_be_empty: bool = False
    per_minute: float = 30.0
    none: str = ""


TRADE_DATES = Endpoint("tool_trade_date_hist_sina", {"trade_date": _D})
SH_LIST = Endpoint("stock_info_sh_name_code", {"证券代码": _S, "证券简称": _S, "上市日期": _D})
SZ_LIST = Endpoint("stock_info_sz_name_code", {"A股代码": _S, "A股简称": _S, "A股上市日期": _S})
BJ_LIST = Endpoint("stock_info_bj_name_code", {"证券代码": _S, "证券简称": _S, "上市日期": _D})
SH_LEFT = Endpoint(
    "stock_info_sh_delist", {"公司代码": _S, "公司简称": _S, "上市日期": _D, "暂停上市日期": _D}
)
SZ_LEFT = Endpoint(
    "stock_info_sz_delist", {"证券代码": _S, "证券简称": _S, "上市日期": _D, "终止上市日期": _D}
)
SZ_NAMES = Endpoint(
    "stock_info_sz_change_name", {"变更日期": _D, "证券代码": _S, "变更前简称": _S, "变更后简称": _S}
)
SW_HISTORY = Endpoint("stock_industry_clf_hist_sw", {"symbol": _S, "start_date": _D, "industry_code": _S})
SUSPENDED = Endpoint(
    "stock_tfp_em",
    {"代码": _S, "停牌时间": _D, "停牌截止时间": _D, "停牌期限": _S},
    may_be_empty=True,
    none="Expected axis has 1 elements",  # it names the columns of an empty table
)
ST_TODAY = Endpoint("stock_zh_a_st_em", {"代码": _S})
INDEX_LIST = Endpoint("index_stock_cons_csindex", {"日期": _D, "成分券代码": _S})
INDEX_BARS = Endpoint(
    "stock_zh_index_daily_em",
    {"date": _S, "open": _F, "high": _F, "low": _F, "close": _F, "volume": _F, "amount": _F},
    may_be_empty=True,
)
BARS = Endpoint(
    "stock_zh_a_hist",
    {"日期": _D} | dict.fromkeys(("开盘", "最高", "最低", "收盘", "成交量", "成交额", "换手率"), _F),
    may_be_empty=True,
    per_minute=60.0,
)
FACTORS = Endpoint(
    "stock_zh_a_daily",
    {"date": _D, "hfq_factor": _S},
    may_be_empty=True,
    none="hfq factor not available",
)
SHARES = Endpoint(
    "stock_zh_a_gbjg_em", {"变更日期": _D, "已上市流通A股": _F}, may_be_empty=True, per_minute=60.0
)

ENDPOINTS = {
    endpoint.name: endpoint
    for endpoint in (
        TRADE_DATES, SH_LIST, SZ_LIST, BJ_LIST, SH_LEFT, SZ_LEFT, SZ_NAMES, SW_HISTORY, SUSPENDED, ST_TODAY,
        INDEX_LIST, INDEX_BARS, BARS, FACTORS, SHARES,
    )
}  # fmt: skip
