"""A made-up edition for the report's tests: every value comes from a formula and looks it."""

from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl

from evaluation.whole_markets import evaluated, planted
from gangru.evaluation.headline import Headline
from gangru.evaluation.outcome import Outcome, outcome
from gangru.evaluation.result import Evaluation
from gangru.report.contents import Contents, FoldRecord, Provenance, build_contents
from gangru.report.settings import ReportSettings

HOSTILE = "<script>alert(1)</script>"
FORMULA = "=1+1"


def month_names(count: int) -> list[str]:
    return [f"{2019 + (i + 1) // 12}-{(i + 1) % 12 + 1:02d}" for i in range(count)]


def make_headline(**changes: float | int | None) -> Headline:
    base = Headline(
        months=18, ic_mean=0.1011, icir=0.92, ic_latest=0.0707, ic_1y=0.0909, annual_return=0.2121,
        annual_volatility=0.2323, return_over_volatility=0.91, information_ratio=1.61, max_drawdown=0.1717,
        turnover=0.81, annual_excess=0.1313, annual_excess_ratio=0.1212, net_annual_return=0.1919,
        net_annual_volatility=0.2324, net_return_over_volatility=0.83, net_information_ratio=1.41,
        net_max_drawdown=0.1818, net_annual_excess=0.1111, ic_t=3.91, ic_low=0.0505, ic_high=0.1515,
        ic_positive=0.8333,
    )  # fmt: skip
    return replace(base, **changes)


def make_series(months: int) -> pl.DataFrame:
    i = np.arange(months)
    ic = np.round(0.1 + 0.09 * np.sin(i * 1.7), 4)
    names = month_names(months)
    return pl.DataFrame(
        {
            "month": names,
            "factor_date": [date(int(m[:4]), int(m[5:]), 1) - timedelta(days=1) for m in names],
            "ic": ic * 0.8,
            "rank_ic": ic,
            "n": (3000 + 10 * i).astype(np.int64),
            "ic_t_to_t": ic * 0.9,
            "rank_ic_t_to_t": ic * 1.1,
            "raw_ic": ic * 0.7,
            "raw_rank_ic": ic * 1.2,
            "long_return": 0.02 + 0.05 * np.sin(i * 0.9),
            "benchmark_return": 0.01 + 0.05 * np.sin(i * 0.9),
            "excess_return": np.full(months, 0.01),
            "turnover": np.where(i == 0, np.nan, 0.81),
            "blocked_buys": i % 3,
            "blocked_sells": i % 2,
        },
        strict=False,
    ).with_columns(pl.col("turnover").fill_nan(None))


def make_net_value(days: int) -> pl.DataFrame:
    i = np.arange(days)
    long = np.exp(0.0008 * i + 0.05 * np.sin(i / 25))
    benchmark = np.exp(0.0003 * i + 0.05 * np.sin(i / 25))
    excess = long / benchmark
    return pl.DataFrame(
        {
            "date": [date(2019, 2, 1) + timedelta(days=int(d)) for d in i * 7 // 5],
            "long": long,
            "long_net": long * np.exp(-0.0001 * i),
            "benchmark": benchmark,
            "excess": excess,
            "drawdown": long / np.maximum.accumulate(long) - 1,
            "excess_drawdown": excess / np.maximum.accumulate(excess) - 1,
        }
    )


def make_industries() -> pl.DataFrame:
    i = np.arange(14)
    return pl.DataFrame(
        {
            "industry": [f"Industry {chr(65 + k)}" for k in i[:-1]] + ["Tiny"],
            "n": [40 + int(k) for k in i[:-1]] + [4],
            "ic_month": [*(0.2 - 0.03 * i[:-1]), 0.9],
            "ic_year": [*(0.01 * i[:-1]), None],
            "excess_month": [*(0.03 - 0.005 * i[:-1]), 0.5],
            "excess_year": [*(0.002 * i[:-1]), None],
            "small": [False] * 13 + [True],
        },
        strict=False,
    )


def make_industry_months(months: int) -> pl.DataFrame:
    rows = [
        (f"Industry {chr(65 + k)}", month, 40 + k, 0.2 * np.sin(k + m), 0.02 * np.cos(k + m))
        for k in range(13)
        for m, month in enumerate(month_names(months))
    ]
    return pl.DataFrame(rows, schema=["industry", "month", "n", "ic", "excess"], orient="row")


def make_picks(stocks: int) -> pl.DataFrame:
    i = np.arange(stocks)
    names = [f"样本{k}" for k in i]
    names[0], names[1] = HOSTILE, FORMULA
    percentile = 1 - i / max(stocks - 1, 1)
    return pl.DataFrame(
        {
            "rank": i + 1,
            "code": [f"{600000 + k}.SH" for k in i],
            "name": names,
            "industry": [None if k % 50 == 49 else f"Industry {chr(65 + k % 13)}" for k in i],
            "score": 3 - 6 * i / stocks,
            "percentile": percentile,
            "tradable": i % 7 != 3,
            "listed_days": [None if k % 13 == 6 else 200 + 17 * int(k) for k in i],
            "previous_percentile": np.where(i % 11 == 5, np.nan, percentile - 0.1),
            "change": np.where(i % 11 == 5, np.nan, 0.1),
            "in_long_list": i < stocks // 10,
        }
    ).with_columns(pl.col("previous_percentile", "change").fill_nan(None))


def make_last_picks() -> pl.DataFrame:
    """A month-old list of 30 with what became of it; the fifth could not be bought."""
    returns = [None if k == 4 else 0.1 - 0.01 * k for k in range(30)]
    listed = make_picks(300).filter(pl.col("in_long_list"))
    return listed.with_columns(pl.Series("return", returns, dtype=pl.Float64)).with_columns(
        excess=pl.col("return") - 0.02
    )


@cache
def measured() -> Evaluation:
    """A planted signal wholly evaluated, for what has no formula of its own: trading, anatomy, industries' months."""
    made = planted(0.2, stocks=120)
    return evaluated(made, made.signal)


def make_evaluation(months: int = 18, stocks: int = 400) -> Evaluation:
    series = make_series(months)
    latest = float(series["rank_ic"][-1]) if months else None
    headline = make_headline(months=months, ic_latest=latest, ic_1y=0.0909 if months >= 12 else None)
    return Evaluation(
        study="main",
        first_month=series["month"][0] if months else None,
        last_month=series["month"][-1] if months else None,
        picks_date="2020-07-31",
        headline=headline,
        headline_pearson=replace(headline, ic_mean=0.0808),
        headline_raw=replace(headline, ic_mean=0.1212),
        headline_t=replace(headline, ic_mean=0.1111),
        series=series,
        net_value=make_net_value(21 * months),
        yearly=pl.DataFrame(
            {
                "year": [2019, 2020],
                "months": [11, 7],
                "ic_mean": [0.081, 0.082],
                "rank_ic_mean": [0.101, 0.102],
                "annual_return": [0.25, 0.15],
                "benchmark_return": [0.1, 0.05],
                "excess": [0.15, 0.1],
                "max_drawdown": [0.12, 0.17],
            }
        ),
        deciles=pl.DataFrame(
            {
                "decile": list(range(1, 11)),
                "monthly_return": [0.001 * d for d in range(-4, 6)],
                "monthly_excess": [0.001 * d - 0.0005 for d in range(-4, 6)],
                "annual_return": [0.012 * d for d in range(-4, 6)],
                "n": [stocks // 10] * 10,
            }
        ),
        decay=pl.DataFrame(
            {
                "horizon_days": [1, 5, 10, 20, 40, 60],
                "rank_ic": [0.04, 0.06, 0.08, 0.1, 0.09, 0.08],
                "ic": [0.03, 0.05, 0.07, 0.09, 0.08, 0.07],
                "months": [months] * 6,
            }
        ),
        industries=make_industries(),
        picks=make_picks(stocks),
        drops=pl.DataFrame(
            {"stage": ["universe", "label"], "reason": ["ST", "no trade on t+1"], "count": [1234, 56]}
        ),
        monotonicity=0.99,
        industries_lost=6,
        industries_lost_1y=1,
        notes=["ic_1y: a made-up note"],
        industry_months=make_industry_months(months),
        last_picks=make_last_picks(),
        last_picks_outcome=outcome(make_last_picks(), 0.02),
        anatomy=measured().anatomy,
        trading=measured().trading,
    )


def empty_evaluation() -> Evaluation:
    """A study before its first return month: a factor and nothing known of it."""
    nothing = {
        name: None
        for name in Headline.__dataclass_fields__
        if name != "months"
    }  # fmt: skip
    headline = Headline(months=0, **nothing)
    full = make_evaluation()
    cleared = {
        name: getattr(full, name).clear()
        for name in (
            "series", "net_value", "yearly", "deciles", "decay", "industries", "industry_months", "picks", "drops",
            "last_picks",
        )
    }  # fmt: skip
    return replace(
        full, **cleared, first_month=None, last_month=None, picks_date=None, headline=headline,
        headline_pearson=headline, headline_raw=headline, headline_t=headline, monotonicity=None,
        industries_lost=None, industries_lost_1y=None, notes=[], anatomy=None, trading=None,
        last_picks_outcome=Outcome(),
    )  # fmt: skip


def make_windows() -> pl.DataFrame:
    rows = [
        (f"60000{n}.SH", feature, day, np.sin(n + day / 5 + f), 0.8 * np.sin(n + day / 5 + f) + 0.1)
        for n in range(4)
        for f, feature in enumerate(("open", "close", "volume", "return_1d"))
        for day in range(-39, 1)
    ]
    return pl.DataFrame(rows, schema=["code", "feature", "day", "real", "generated"], orient="row")


def make_fold(
    year: int = 2019, *, gan: bool = True, d_loss: float = 1.30, collapsed: bool = False
) -> FoldRecord:
    epoch = np.arange(1, 26)
    curves = pl.DataFrame(
        {
            "epoch": epoch,
            "d_loss": d_loss + 0.3 * np.exp(-epoch / 4),
            "g_loss": 0.8 + 0.01 * epoch,
            "correlation": 0.6 * (1 - np.exp(-epoch / 5)),
            "variance_ratio": 0.9 - 0.2 / epoch,
            "dispersion_ratio": 0.8 - 0.3 / epoch,
            "d_real_accuracy": 0.6 + 0.05 / epoch,
            "d_fake_accuracy": 0.55 + 0.05 / epoch,
            "valid_d_loss": d_loss + 0.4 * np.exp(-epoch / 4),
            "valid_d_real_accuracy": 0.58 + 0.05 / epoch,
            "valid_d_fake_accuracy": 0.53 + 0.05 / epoch,
            "d_gradient_norm": 0.01 * 1.5**epoch,
            "g_gradient_norm": 1 + 0.1 * epoch,
            "distance_moments": 0.5 / epoch,
            "distance_autocorrelation": 0.3 / epoch,
            "distance_cross_correlation": 0.2 / epoch,
            "distance": 1 / epoch,
        }
    )
    return FoldRecord(
        nominal=date(year, 12, 31),
        trained_on=date(year, 12, 31),
        serves_from=date(year + 1, 1, 2),
        serves_to=date(year + 1, 6, 30),
        predictor_curves=pl.DataFrame(
            {
                "epoch": epoch,
                "train_ic": 0.2 * (1 - np.exp(-epoch / 8)),
                "valid_ic": 0.1 * (1 - np.exp(-epoch / 4)),
            }
        ),
        gan_curves=curves if gan else None,
        best_predictor_epoch=18,
        best_gan_epoch=25 if gan else None,
        collapsed=collapsed,
        restarted=False,
        seconds=321.0,
        best_valid_ic=0.0987,
        gan_windows=make_windows() if gan else None,
        windows_on=date(year, 11, 29),
    )


def make_provenance(generator: str = "gan") -> Provenance:
    return Provenance(
        study="main",
        settings={
            "features": {"generator": generator, "window": 40, "names": ["open", "close"]},
            "gan": {"reconstruction_weight": 0.0},
            "training": {"stocks_per_date": 600, "seed": 7},
        },
        defaults={
            "features": {"generator": "gan", "window": 40, "names": ["open", "close"]},
            "gan": {"reconstruction_weight": 0.0},
            "training": {"stocks_per_date": 0, "seed": 7},
        },
        data_versions={"bars": 3, "industry": None},
        code_version="0.1.0",
        commit="0123abc",
        packages={"polars": "2.1.0"},
        seed=7,
        command="gangru run",
    )


def make_contents(evaluation: Evaluation | None = None, **changes: object) -> Contents:
    whole = evaluation or make_evaluation()
    given = {
        "month": whole.last_month or "2019-02",
        "folds": [make_fold(2018), make_fold(2019)],
        "provenance": make_provenance(),
        "data_notes": ["Amounts are estimates in this made-up market."],
        "settings": ReportSettings(static_charts=False),
    }
    return build_contents(whole, **(given | changes))
