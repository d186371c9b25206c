"""The endpoints of Tushare Pro as its site documents them: every parameter and every column, with its type.

Put down by hand from tushare.pro/document/2 (doc_id 26, 25, 100, 214, 27, 28, 32, 95, 96, 181, 182, 335 and 373). The fake
server answers in these columns and refuses what is not here, so that an adapter that asks for anything else fails.
"""

from dataclasses import dataclass

CODES = {"ts_code": str, "trade_date": str}
PRICES = dict.fromkeys(
    ("open", "high", "low", "close", "pre_close", "change", "pct_chg", "vol", "amount"), float
)
DAYS = ("ts_code", "trade_date", "start_date", "end_date")
LEVELS = dict.fromkeys(("l1_code", "l1_name", "l2_code", "l2_name", "l3_code", "l3_name"), str)
STAY = dict.fromkeys(("in_date", "out_date", "is_new"), str)


@dataclass(frozen=True)
class Documented:
    """Parameters, columns with types, and the most rows of one answer, supposed where the site does not say."""

    parameters: tuple[str, ...]
    columns: dict[str, type]
    cap: int
    doc_id: int


DOCUMENTED = {
    "trade_cal": Documented(
        ("exchange", "start_date", "end_date", "is_open"),
        {"exchange": str, "cal_date": str, "is_open": int, "pretrade_date": str},
        2000,
        26,
    ),
    "stock_basic": Documented(
        ("ts_code", "name", "market", "list_status", "exchange", "is_hs"),
        dict.fromkeys(
            [
                "ts_code",
                "symbol",
                "name",
                "area",
                "industry",
                "fullname",
                "enname",
                "cnspell",
                "market",
                "exchange",
                "curr_type",
                "list_status",
                "list_date",
                "delist_date",
                "is_hs",
                "act_name",
                "act_ent_type",
            ],
            str,
        ),
        6000,
        25,
    ),
    "namechange": Documented(
        ("ts_code", "start_date", "end_date"),
        dict.fromkeys(("ts_code", "name", "start_date", "end_date", "ann_date", "change_reason"), str),
        10000,
        100,
    ),
    "suspend_d": Documented(
        (*DAYS, "suspend_type"), CODES | {"suspend_timing": str, "suspend_type": str}, 5000, 214
    ),
    "daily": Documented(DAYS, CODES | PRICES, 6000, 27),
    "adj_factor": Documented(DAYS, CODES | {"adj_factor": float}, 6000, 28),
    "daily_basic": Documented(
        DAYS,
        CODES
        | dict.fromkeys(
            [
                "close",
                "turnover_rate",
                "turnover_rate_f",
                "volume_ratio",
                "pe",
                "pe_ttm",
                "pb",
                "ps",
                "ps_ttm",
                "dv_ratio",
                "dv_ttm",
                "total_share",
                "float_share",
                "free_share",
                "total_mv",
                "circ_mv",
            ],
            float,
        ),
        6000,
        32,
    ),
    "index_daily": Documented(DAYS, CODES | PRICES, 8000, 95),
    "index_weight": Documented(
        ("index_code", "trade_date", "start_date", "end_date"),
        {"index_code": str, "con_code": str, "trade_date": str, "weight": float},
        5000,
        96,
    ),
    "index_classify": Documented(
        ("index_code", "level", "parent_code", "src"),
        dict.fromkeys(
            ("index_code", "industry_name", "parent_code", "level", "industry_code", "is_pub", "src"), str
        ),
        2000,
        181,
    ),
    "index_member": Documented(
        ("index_code", "ts_code", "is_new"),
        dict.fromkeys(("index_code", "index_name", "con_code", "con_name"), str) | STAY,
        2000,
        182,
    ),
    "index_member_all": Documented(
        ("l1_code", "l2_code", "l3_code", "ts_code", "is_new"),
        LEVELS | {"ts_code": str, "name": str} | STAY,
        2000,
        335,
    ),
    "ci_index_member": Documented(
        ("l1_code", "l2_code", "l3_code", "ts_code", "is_new"),
        LEVELS | {"ts_code": str, "name": str} | STAY,
        5000,
        373,
    ),
}
DATE_COLUMNS = {
    "trade_cal": "cal_date",
    "namechange": "ann_date",
}  # what start_date and end_date are of, if not trade_date
