"""The whole evaluation on markets small enough to compute by hand, and what must not change it."""

import dataclasses
import datetime
import json
from typing import Any

import numpy as np
import polars as pl
import pytest
import scipy.stats

from gangru.errors import EvaluationError
from gangru.evaluation.document import to_json
from gangru.evaluation.headline import Headline
from gangru.evaluation.result import Evaluation
from gangru.evaluation.settings import EvaluationSettings, PortfolioSettings
from gangru.evaluation.significance import newey_west_t
from gangru.evaluation.summary import evaluate_factor
from gangru.market.daily import DailyMarket, carried
from gangru.market.rules import cost_rates

NAN = np.nan
FEW = EvaluationSettings(min_stocks=3, bootstrap_samples=100)
FREE = PortfolioSettings(obey_rules=False, commission=0)  # a whole number, as study.toml may have it


def evaluated(factor: pl.DataFrame, market: DailyMarket, labels: dict[str, Any], **changed) -> Evaluation:
    arguments = {
        "calendar": market.dates,
        "eligible": None,
        "settings": FEW,
        "portfolio": PortfolioSettings(),
    }
    return evaluate_factor(factor, market, **(arguments | labels | changed))


@pytest.fixture
def steps(tiny):
    """Four stocks whose prices change on three days only: after each of the first three month-ends' entry closes.

    Jan 2 – Apr 30 2020. Factor dates Jan 31, Feb 28, Mar 31; entries Feb 3, Mar 2, Apr 1.
    """
    days = 86
    close = np.full((days, 4), 10.0)
    market = tiny(close)
    at = {str(day): row for row, day in enumerate(market.dates)}
    for row, growth in (
        (at["2020-02-03"], (1.01, 1.00, 1.00, 1.00)),  # between t and t+1: earned by t-to-t alone
        (at["2020-02-10"], (1.00, 1.02, 1.04, 1.06)),
        (at["2020-03-10"], (0.95, 1.00, 1.02, 1.05)),
    ):
        close[row:] = close[row:] * growth
    return dataclasses.replace(market, close=close)


@pytest.fixture
def noise(tiny):
    """A random market of 60 stocks over some 22 months with halts, and listed and ended series."""
    rng = np.random.default_rng(11)
    close = np.round(50 * np.exp(np.cumsum(rng.normal(0, 0.02, (470, 60)), axis=0)), 2)
    close[rng.random(close.shape) < 0.02] = NAN
    close[200:, 3] = NAN
    close[:150, 4] = NAN
    return tiny(close)


@pytest.fixture
def noise_factor(noise, month_end_factor):
    rng = np.random.default_rng(12)
    return month_end_factor(noise, *rng.normal(size=(2, 40, 60)))


def test_monthly_figures_of_a_hand_computed_market(steps, month_end_factor, labels):
    scores = np.array([[1.0, 2, 3, 4], [4, 3, 2, 1], [1, 2, 3, 4]])
    result = evaluated(
        month_end_factor(steps, scores),
        steps,
        labels(steps),
        portfolio=PortfolioSettings(fraction=0.5, obey_rules=False, commission=0.0),
    )
    series = result.series
    assert series["month"].to_list() == ["2020-02", "2020-03"]
    assert series["factor_date"].cast(pl.String).to_list() == ["2020-01-31", "2020-02-28"]
    assert series["n"].to_list() == [4, 4]
    assert series["rank_ic"].to_list() == pytest.approx([1, -1])
    march = np.array([-0.05, 0, 0.02, 0.05])
    pearson = scipy.stats.pearsonr([4, 3, 2, 1], march).statistic
    assert series["ic"].to_list() == pytest.approx([1, pearson])
    # t to t: stock 0 earns 1 % more in February: 0.01, 0.02, 0.04, 0.06
    assert series["ic_t_to_t"][0] == pytest.approx(scipy.stats.pearsonr([1, 2, 3, 4], [1, 2, 4, 6]).statistic)
    assert series["long_return"].to_list() == pytest.approx([0.05, -0.025])
    assert series["benchmark_return"].to_list() == pytest.approx([0.03, 0.005])
    assert series["excess_return"].to_list() == pytest.approx([0.02, -0.03])
    # Half of stock 2 and half of stock 3 drift to 1.04 and 1.06 of 2.10 and all is sold for 0 and 1.
    assert series["turnover"].to_list() == [None, pytest.approx(1)]
    head = result.headline
    assert head.months == 2
    assert head.ic_mean == pytest.approx(0)
    assert head.ic_latest == pytest.approx(-1)
    assert head.icir == pytest.approx(0)
    assert head.turnover == pytest.approx(1)
    assert head.ic_positive == 0.5
    assert head.ic_1y is None
    assert any("need 12 months" in note for note in result.notes)
    # From the close of Feb 3 to that of Apr 1 there are 42 business days.
    days = len(result.net_value) - 1
    assert days == 42
    assert head.annual_return == pytest.approx((1.05 * 0.975) ** (242 / 42) - 1)
    assert head.annual_excess == pytest.approx((1.05 * 0.975) ** (242 / 42) - (1.03 * 1.005) ** (242 / 42))
    assert head.max_drawdown == pytest.approx(0.025)
    assert head.net_annual_return < head.annual_return  # stamp duty and transfer fee remain


def test_net_values_start_at_one_and_reconcile_with_the_months(noise, noise_factor, labels):
    result = evaluated(noise_factor, noise, labels(noise))
    value = result.net_value
    assert value.row(0)[1:] == (1, 1, 1, 1, 0, 0)
    assert value["long"][-1] == pytest.approx((1 + result.series["long_return"]).product())
    assert value["benchmark"][-1] == pytest.approx((1 + result.series["benchmark_return"]).product())
    assert (value["long_net"][1:] < value["long"][1:]).all()
    excess = (value["long"] / value["benchmark"]).to_numpy()
    np.testing.assert_allclose(value["excess"], excess)
    np.testing.assert_allclose(
        value["excess_drawdown"], excess / np.maximum.accumulate(excess) - 1, atol=1e-12
    )
    assert value["drawdown"].min() == pytest.approx(-result.headline.max_drawdown)
    years = result.yearly
    assert years["months"].sum() == len(result.series)
    assert (1 + years["annual_return"]).product() == pytest.approx(value["long"][-1])
    assert (1 + years["benchmark_return"]).product() == pytest.approx(value["benchmark"][-1])
    assert years["max_drawdown"].max() <= result.headline.max_drawdown + 1e-12


@pytest.mark.parametrize("execution", ["open", "vwap"])
@pytest.mark.parametrize("missed", [0, 3])
def test_the_years_add_up_wherever_orders_are_filled(execution, missed, noise, noise_factor, labels):
    dates = noise_factor["date"].unique().sort()
    out = dates.slice(9, missed)  # the account is out of the market and comes back
    factor = noise_factor.filter(~pl.col("date").is_in(list(out)))
    result = evaluated(
        factor, noise, labels(noise), portfolio=PortfolioSettings(execution=execution, obey_rules=False)
    )
    value, years = result.net_value, result.yearly
    assert len(years) == 2
    assert (1 + years["annual_return"]).product() == pytest.approx(value["long"][-1])
    assert (1 + years["benchmark_return"]).product() == pytest.approx(value["benchmark"][-1])
    held = result.series.filter(pl.col("long_return").is_not_null())
    for row in years.iter_rows(named=True):
        months = held.filter(pl.col("month").str.starts_with(str(row["year"])))
        assert 1 + row["benchmark_return"] == pytest.approx((1 + months["benchmark_return"]).product())


def test_what_one_month_leaves_undefined_is_said(noise, noise_factor, labels):
    first = noise_factor.filter(pl.col("date") == pl.col("date").min())
    head, notes = (one := evaluated(first, noise, labels(noise))).headline, one.notes
    assert head.months == 1
    assert (head.icir, head.ic_t, head.ic_low, head.ic_high, head.turnover) == (None,) * 5
    assert "icir, ic_t, the interval of the mean IC and turnover need two months: 1 have an IC." in notes
    two = noise_factor.filter(pl.col("date") <= noise_factor["date"].unique().sort()[1])
    more = evaluated(two, noise, labels(noise))
    assert more.headline.icir is not None
    assert not any("need two months" in note for note in more.notes)


def test_a_list_has_the_names_of_its_day(noise, noise_factor, labels):
    def names(day: datetime.date) -> pl.DataFrame:
        return pl.DataFrame({"code": noise.codes.tolist(), "name": [f"as of {day}"] * len(noise.codes)})

    result = evaluated(noise_factor, noise, labels(noise) | {"names": names}, last_month="2020-06")
    assert set(result.picks["name"]) == {f"as of {result.picks_date}"} == {"as of 2020-06-30"}
    assert set(result.last_picks["name"]) == {"as of 2020-05-29"}


def test_benchmark_earns_the_mean_label_of_the_eligible(noise, noise_factor, labels):
    eligible = np.random.default_rng(1).random(noise.close.shape) < 0.6
    result = evaluated(noise_factor, noise, labels(noise), eligible=eligible)
    month = noise.dates.astype("datetime64[M]")
    ends = np.flatnonzero(month[1:] != month[:-1])
    prices = pl.DataFrame(noise.close).fill_nan(None).fill_null(strategy="forward").to_numpy()
    for start, end, row in zip(ends, ends[1:], result.series.iter_rows(named=True), strict=False):
        held = eligible[start] & ~np.isnan(noise.close[start + 1])
        mean = np.mean(prices[end + 1, held] / prices[start + 1, held] - 1)
        assert row["benchmark_return"] == pytest.approx(mean)
    over = result.deciles["monthly_return"] - result.deciles["monthly_excess"]
    assert over.to_list() == pytest.approx([result.series["benchmark_return"].mean()] * 10)


def test_nothing_after_the_last_month_is_seen(noise, noise_factor, labels):
    last = noise.date_index(np.datetime64("2021-01-29"))
    rng = np.random.default_rng(0)
    future = {
        name: np.concatenate([getattr(noise, name)[: last + 2], rng.random((470 - last - 2, 60)) * 100])
        for name in ("open", "high", "low", "close", "factor", "volume", "amount", "float_shares")
    }
    scrambled = dataclasses.replace(noise, **future)
    after = pl.col("date") > noise.dates[last].item()
    other_factor = noise_factor.with_columns(
        pl.when(after).then(-pl.col("factor")).otherwise("factor").alias("factor")
    )
    documents = [
        json.dumps(to_json(evaluated(f, m, labels(noise), last_month="2021-01")))
        for f, m in ((noise_factor, noise), (other_factor, scrambled))
    ]
    assert documents[0] == documents[1]
    assert evaluated(noise_factor, noise, labels(noise), last_month="2021-01").picks_date == "2021-01-29"


def test_the_test_of_the_future_would_notice_one_day(noise, noise_factor, labels):
    last = noise.date_index(np.datetime64("2021-01-29"))
    close = noise.close.copy()
    close[last + 1] *= np.linspace(0.9, 1.1, 60)  # the exit close itself
    moved = dataclasses.replace(noise, close=close)
    before, after = (
        evaluated(noise_factor, market, labels(noise), last_month="2021-01") for market in (noise, moved)
    )
    assert before.headline.ic_latest != after.headline.ic_latest
    assert before.headline_t.ic_latest == after.headline_t.ic_latest


def test_a_month_cut_short_ends_on_its_day_and_sees_nothing_after_the_next(noise, noise_factor, labels):
    day = noise.date_index(np.datetime64("2021-02-10"))
    close = noise.close.copy()
    close[day + 2 :] *= np.random.default_rng(0).random((len(close) - day - 2, 60))
    later = dataclasses.replace(noise, close=close)
    cut, unseeing = (
        to_json(evaluated(noise_factor, market, labels(noise), last_month="2021-02-10"))
        for market in (noise, later)
    )
    assert cut == unseeing
    assert cut["last_month"] == "2021-02"
    assert any("cut short on 2021-02-10" in note for note in cut["notes"])
    value = carried(noise.close * noise.factor)
    begin = noise.date_index(np.datetime64("2021-01-29"))
    gained = np.where(noise.traded[begin], value[day] / value[begin] - 1, NAN)
    returns = pl.DataFrame({"code": noise.codes, "gained": gained}).filter(pl.col("gained").is_not_nan())
    own = noise_factor.filter(pl.col("date") == noise.dates[begin].item()).join(returns, on="code")
    expected = own.select(pl.corr("factor", "gained", method="spearman")).item()
    assert cut["series"][-1]["rank_ic_t_to_t"] == pytest.approx(expected, abs=1e-12)
    whole = to_json(evaluated(noise_factor, noise, labels(noise), last_month="2021-02-26"))
    assert whole == to_json(evaluated(noise_factor, noise, labels(noise), last_month="2021-02"))


def test_an_older_edition_is_the_evaluation_of_the_data_of_its_day(noise, noise_factor, labels):
    last = noise.date_index(np.datetime64("2021-01-29"))
    by_day = [f.name for f in dataclasses.fields(noise) if f.name not in ("codes", "list_date")]
    of_its_day = dataclasses.replace(noise, **{name: getattr(noise, name)[: last + 2] for name in by_day})
    then = to_json(evaluated(noise_factor, of_its_day, labels(noise), calendar=noise.dates))
    now = to_json(evaluated(noise_factor, noise, labels(noise), last_month="2021-01"))
    for document in (then, now):
        del document["data"]  # the factors after the edition are counted under another reason
    assert then == now


def test_order_of_rows_and_unusable_rows_change_only_the_counts(noise, noise_factor, labels):
    junk = noise_factor.head(3).with_columns(
        pl.Series("code", ["X", "Y", "Z"]), pl.Series("factor", [1.0, NAN, 2.0])
    )
    shuffled = pl.concat([noise_factor, noise_factor.head(5), junk]).sample(fraction=1, shuffle=True, seed=3)
    plain, other = (to_json(evaluated(f, noise, labels(noise))) for f in (noise_factor, shuffled))
    counts = {row["reason"]: row["count"] for row in other["data"]["drops"]}
    assert counts["code cannot be read"] == 2
    assert counts["factor missing or not finite"] == 1
    assert counts["date and code repeated"] == 5
    del plain["data"], other["data"]
    assert plain == other


def test_renaming_the_stocks_changes_no_figure(noise, noise_factor, labels):
    order = np.random.default_rng(5).permutation(60)
    by_stock = [f.name for f in dataclasses.fields(noise) if f.name not in ("codes", "dates")]
    moved = dataclasses.replace(noise, **{name: getattr(noise, name)[..., order] for name in by_stock})
    new_code = {noise.codes[old]: noise.codes[new] for new, old in enumerate(order)}
    renamed = noise_factor.with_columns(pl.col("code").replace_strict(new_code))
    before, after = evaluated(noise_factor, noise, labels(noise)), evaluated(renamed, moved, labels(noise))
    for field in dataclasses.fields(Headline):
        a, b = (getattr(result.headline, field.name) for result in (before, after))
        assert a == pytest.approx(b, rel=1e-9, abs=1e-12)


def test_a_bonus_issue_is_no_loss(noise, noise_factor, labels):
    close, factor = noise.close.copy(), noise.factor.copy()
    close[250:, ::2] /= 2
    factor[250:, ::2] *= 2
    split = dataclasses.replace(noise, close=close, factor=factor)
    rules_off = PortfolioSettings(obey_rules=False)
    before, after = (
        evaluated(noise_factor, market, labels(noise), portfolio=rules_off) for market in (noise, split)
    )
    assert before.headline.ic_mean == pytest.approx(after.headline.ic_mean)
    assert before.headline.annual_return == pytest.approx(after.headline.annual_return)


def test_a_random_factor_earns_no_excess(tiny, month_end_factor, labels):
    excess = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        market = tiny(50 * np.exp(np.cumsum(rng.normal(0, 0.02, (300, 100)), axis=0)))
        factor = month_end_factor(market, rng.normal(size=(20, 100)))
        excess += evaluated(factor, market, labels(market), portfolio=FREE).series["excess_return"].to_list()
    t = np.mean(excess) / (np.std(excess, ddof=1) / np.sqrt(len(excess)))
    assert abs(t) < 3
    assert np.std(excess) > 0


def test_a_factor_that_knows_the_future_is_recognised(noise, month_end_factor, labels):
    month = noise.dates.astype("datetime64[M]")
    ends = np.flatnonzero(month[1:] != month[:-1])
    prices = pl.DataFrame(noise.close).fill_nan(None).fill_null(strategy="forward").to_numpy()
    known = prices[ends[1:] + 1] / prices[ends[:-1] + 1] - 1
    result = evaluated(month_end_factor(noise, known), noise, labels(noise))
    assert result.headline.ic_mean == pytest.approx(1)
    assert result.headline_pearson.ic_mean == pytest.approx(1)
    assert result.monotonicity == pytest.approx(1)
    assert result.headline.annual_excess > 0.5
    assert result.headline.icir is None  # every month's IC is 1
    assert result.industries_lost == 0


def test_raw_predictions_are_measured_like_a_factor(noise, noise_factor, labels):
    same = noise_factor.with_columns(pl.col("factor").alias("pret"))
    result = evaluated(same, noise, labels(noise))
    assert result.headline_raw == result.headline
    assert result.series["raw_rank_ic"].to_list() == result.series["rank_ic"].to_list()
    without = evaluated(noise_factor.drop("pret"), noise, labels(noise))
    assert without.headline == result.headline
    assert without.headline_raw == Headline(0, *[None] * (len(dataclasses.fields(Headline)) - 1))
    assert without.series["raw_ic"].null_count() == len(without.series)
    assert any("no column pret" in note for note in without.notes)


def test_one_year_ic_is_the_mean_of_the_last_twelve(noise, noise_factor, labels):
    result = evaluated(noise_factor, noise, labels(noise), settings=EvaluationSettings(bootstrap_samples=100))
    ics = result.series["rank_ic"].to_numpy()
    assert len(ics) > 12
    assert result.headline.ic_1y == pytest.approx(ics[-12:].mean())
    assert result.headline.icir == pytest.approx(ics.mean() / ics.std(ddof=1))
    assert result.headline_pearson.ic_mean == pytest.approx(result.series["ic"].mean())
    assert result.headline_t.ic_mean == pytest.approx(result.series["rank_ic_t_to_t"].mean())
    assert result.headline.ic_low < result.headline.ic_mean < result.headline.ic_high
    assert len(evaluated(noise_factor, noise, labels(noise), last_month="2020-12").series) == 11


def test_a_stock_sealed_at_the_upper_limit_is_left_out(steps, month_end_factor, labels):
    entry = steps.date_index(np.datetime64("2020-02-03"))
    close = steps.close.copy()
    close[:, 3] = 10.0
    close[entry:, 3] = 11.0
    sealed = dataclasses.replace(steps, close=close, open=close, high=close, low=close)
    scores = np.tile([1.0, 2, 3, 4], (3, 1))
    result = evaluated(
        month_end_factor(sealed, scores), sealed, labels(sealed), portfolio=PortfolioSettings(fraction=0.5)
    )
    assert result.series["blocked_buys"].to_list() == [1, 0]
    assert result.series["long_return"][0] == pytest.approx(0.04)  # stock 2 alone
    free = evaluated(
        month_end_factor(sealed, scores),
        sealed,
        labels(sealed),
        portfolio=PortfolioSettings(fraction=0.5, obey_rules=False),
    )
    assert free.series["long_return"][0] == pytest.approx(0.02)  # stocks 2 and 3


def test_costs_are_those_of_the_day(steps, month_end_factor, labels):
    factor = month_end_factor(steps, np.tile([1.0, 2, 3, 4], (3, 1)))
    result = evaluated(
        factor, steps, labels(steps), portfolio=PortfolioSettings(fraction=0.25, commission=0.001)
    )
    buy, sell = cost_rates(np.array(["2020-02-03"], dtype="datetime64[D]"), 0.001)
    assert sell[0] > buy[0] > 0.001
    # One purchase of the best stock, kept: one cost.
    assert result.net_value["long_net"][-1] == pytest.approx(result.net_value["long"][-1] / (1 + buy[0]))


def test_a_stock_bought_on_an_untradable_day_is_counted(noise, noise_factor, labels):
    drops = evaluated(noise_factor, noise, labels(noise)).drops
    counts = dict(drops.select("reason", "count").iter_rows())
    month = noise.dates.astype("datetime64[M]")
    ends = np.flatnonzero(month[1:] != month[:-1])
    absent = int(np.isnan(noise.close[ends[:-1] + 1]).sum())
    assert counts["no trade on the entry day"] == absent
    assert drops["stage"].unique(maintain_order=True).to_list() == [
        "factor",
        "industry",
        "return",
        "portfolio",
    ]

    carried = int((np.isnan(noise.close[ends[1:] + 1]) & ~np.isnan(noise.close[ends[:-1] + 1])).sum())
    assert counts["no trade on the exit day, last price carried"] == carried > 0


def test_picks_compare_with_the_month_before_and_know_what_can_be_bought(noise, noise_factor, labels):
    month = noise.dates.astype("datetime64[M]")
    end = np.flatnonzero(month[1:] != month[:-1])
    result = evaluated(noise_factor, noise, labels(noise))
    picks_row = noise.date_index(np.datetime64(result.picks_date))
    assert picks_row == end[-1]
    scores = {
        k: noise_factor.filter(pl.col("date") == noise.dates[end[k]].item())["factor"].to_numpy()
        for k in (-1, -2)
    }
    rank = {k: scipy.stats.rankdata(values) for k, values in scores.items()}
    for pick in result.picks.iter_rows(named=True):
        i = int(np.flatnonzero(noise.codes == pick["code"])[0])
        assert pick["percentile"] == pytest.approx((rank[-1][i] - 1) / 59)
        assert pick["previous_percentile"] == pytest.approx((rank[-2][i] - 1) / 59)
        assert pick["tradable"] == (not np.isnan(noise.close[picks_row, i]))
    assert not result.picks["tradable"].all()


def test_industries_are_those_of_the_factor_date(steps, month_end_factor, labels):
    known = labels(steps, industries=1)
    change = np.datetime64("2020-03-05").item()  # in the last return month, before its end
    renamed = known["industry"].with_columns(
        start=pl.lit(change), end=pl.lit(None, dtype=pl.Date), industry=pl.lit("New")
    )
    industry = pl.concat([known["industry"].with_columns(end=pl.lit(change)), renamed])
    result = evaluated(
        month_end_factor(steps, np.tile([1.0, 2, 3, 4], (3, 1))), steps, known | {"industry": industry}
    )
    assert result.last_month == "2020-03"
    assert result.industries["industry"].to_list() == ["Industry 0"]
    assert result.picks["industry"].unique().to_list() == ["New"]


def test_a_month_without_a_factor_has_no_ic_and_keeps_the_portfolio(noise, noise_factor, labels):
    gap = noise_factor.filter(pl.col("date").dt.strftime("%Y-%m") != "2020-06")
    result = evaluated(gap, noise, labels(noise))
    row = result.series.row(by_predicate=pl.col("month") == "2020-07", named=True)
    assert row["factor_date"] is None
    assert row["rank_ic"] is None
    assert row["turnover"] is None
    assert row["n"] == 0
    assert result.headline.months == len(result.series) - 1
    assert any("1 of" in note and "have no IC" in note for note in result.notes)


def test_half_a_year_without_a_factor_is_in_no_figure(noise, noise_factor, labels):
    month = pl.col("date").dt.strftime("%Y-%m")
    cut = noise_factor.filter(~month.is_between(pl.lit("2020-06"), pl.lit("2020-11")))
    eligible = ~np.isnan(noise.close)
    result = evaluated(cut, noise, labels(noise), eligible=eligible)
    whole = evaluated(noise_factor, noise, labels(noise), eligible=eligible)
    served = ~pl.col("month").is_between(pl.lit("2020-07"), pl.lit("2020-12"))
    gap = result.series.filter(~served)
    assert len(gap) == 6
    for name in (
        "ic",
        "rank_ic",
        "ic_t_to_t",
        "long_return",
        "benchmark_return",
        "excess_return",
        "turnover",
    ):
        assert gap[name].null_count() == 6, name
    kept, usual = result.series.filter(served), whole.series.filter(served)
    for name in ("ic", "rank_ic", "benchmark_return"):
        assert kept[name].to_list() == pytest.approx(usual[name].to_list()), name
    assert result.headline.months == len(kept)
    assert result.headline.ic_mean == pytest.approx(kept["rank_ic"].mean())
    # what the portfolio earned is what the served months earned, and the years are of the same days
    value = result.net_value
    assert value["long"][-1] == pytest.approx((1 + kept["long_return"]).product())
    assert value["benchmark"][-1] == pytest.approx((1 + kept["benchmark_return"]).product())
    assert (1 + result.yearly["annual_return"]).product() == pytest.approx(value["long"][-1])
    out = value["date"].is_between(pl.date(2020, 7, 2), pl.date(2021, 1, 1))
    assert not out.any()
    assert result.headline.annual_return == pytest.approx(value["long"][-1] ** (242 / (len(value) - 1)) - 1)
    deciles = result.deciles.filter(pl.col("decile") == 10)
    assert deciles["n"][0] == whole.deciles.filter(pl.col("decile") == 10)["n"][0]
    assert any("6 of" in note and "(2020-07 to 2020-12)" in note for note in result.notes)
    assert any("out of the market" in note for note in result.notes)
    json.dumps(to_json(result), allow_nan=False)


def test_a_year_without_any_factor_has_no_growth(tiny, month_end_factor, labels):
    rng = np.random.default_rng(4)
    market = tiny(50 * np.exp(np.cumsum(rng.normal(0, 0.02, (700, 20)), axis=0)), first="2020-10-01")
    factor = month_end_factor(market, rng.normal(size=(40, 20)))
    served = factor.filter(~pl.col("date").is_between(pl.date(2020, 12, 15), pl.date(2021, 12, 15)))
    result = evaluated(served, market, labels(market))
    years = {row["year"]: row for row in result.yearly.iter_rows(named=True)}
    assert years[2021]["months"] == 12
    for name in ("annual_return", "benchmark_return", "excess", "max_drawdown", "rank_ic_mean"):
        assert years[2021][name] is None
        assert years[2020][name] is not None
        assert years[2022][name] is not None


def test_a_factor_inside_the_month_is_traded_at_the_next_month_end(steps, month_end_factor, labels):
    at_month_end = month_end_factor(steps, np.tile([1.0, 2, 3, 4], (2, 1)))
    earlier = at_month_end.with_columns(pl.col("date").dt.offset_by("-7d"))
    a, b = evaluated(at_month_end, steps, labels(steps)), evaluated(earlier, steps, labels(steps))
    assert a.headline == b.headline
    assert b.series["factor_date"].cast(pl.String).to_list() == ["2020-01-24", "2020-02-21"]
    assert any("older than the last month-end" in note for note in b.notes)


def test_before_any_return_is_known_there_are_picks_and_no_figures(steps, month_end_factor, labels):
    factor = month_end_factor(steps, np.tile([1.0, 2, 3, 4], (9, 1)))
    newest = factor.filter(pl.col("date") == factor["date"].max())
    result = evaluated(newest, steps, labels(steps))
    assert (result.first_month, result.last_month) == (None, None)
    assert result.headline.months == 0
    assert result.headline.annual_return is None
    assert result.picks["code"].to_list() == ["600003.SH", "600002.SH", "600001.SH", "600000.SH"]
    assert len(result.series) == len(result.net_value) == len(result.industries) == 0
    json.dumps(to_json(result), allow_nan=False)
    early = evaluated(factor, steps, labels(steps), last_month="2020-01")
    assert early.picks_date == "2020-01-31"
    assert early.headline.months == 0


def test_data_that_end_with_a_month_say_what_is_missing(steps, month_end_factor, labels):
    stop = steps.date_index(np.datetime64("2020-03-31")) + 1
    by_day = [f.name for f in dataclasses.fields(steps) if f.name not in ("codes", "list_date")]
    short = dataclasses.replace(steps, **{name: getattr(steps, name)[:stop] for name in by_day})
    result = evaluated(
        month_end_factor(short, np.tile([1.0, 2, 3, 4], (3, 1))), short, labels(short), calendar=steps.dates
    )
    assert result.last_month == "2020-02"
    assert result.picks_date == "2020-02-28"
    assert any("2020-03 is over" in note for note in result.notes)


def test_a_month_that_is_not_known_yet_is_said_to_be(steps, month_end_factor, labels):
    factor = month_end_factor(steps, np.tile([1.0, 2, 3, 4], (3, 1)))
    result = evaluated(factor, steps, labels(steps), last_month="2020-12")
    assert result.last_month == "2020-03"
    assert any("2020-12 is not known yet" in note for note in result.notes)


@pytest.mark.parametrize("month", ["2020-13", "202001", "2020-1", "soon"])
def test_a_month_that_cannot_be_read_is_an_error(steps, month_end_factor, labels, month):
    factor = month_end_factor(steps, np.tile([1.0, 2, 3, 4], (3, 1)))
    with pytest.raises(EvaluationError, match="expected a month as YYYY-MM"):
        evaluated(factor, steps, labels(steps), last_month=month)


def test_a_universe_of_another_shape_is_an_error(steps, month_end_factor, labels):
    factor = month_end_factor(steps, np.tile([1.0, 2, 3, 4], (3, 1)))
    with pytest.raises(EvaluationError, match="expected the market's"):
        evaluated(factor, steps, labels(steps), eligible=np.ones((2, 4), dtype=bool))


def test_without_industries_everything_else_is_there(noise, noise_factor, labels):
    known = labels(noise)
    bare = evaluated(noise_factor, noise, known | {"industry": known["industry"].clear()})
    full = evaluated(noise_factor, noise, known)
    assert bare.headline == full.headline
    assert bare.industries.is_empty()
    assert bare.industries_lost is None
    assert bare.picks["industry"].null_count() == len(bare.picks)
    assert any("No industry figures" in note for note in bare.notes)


def test_the_latest_ic_is_the_last_months_and_the_years_that_of_twelve(noise, noise_factor, labels):
    result = evaluated(noise_factor, noise, labels(noise))
    for head, name in ((result.headline, "rank_ic"), (result.headline_pearson, "ic")):
        monthly = result.series[name]
        assert monthly.null_count() == 0
        assert len(monthly) > 12
        assert head.ic_latest == monthly[-1]
        assert head.ic_1y == pytest.approx(monthly[-12:].mean())


def test_twelve_months_are_a_year_and_the_lag_is_the_one_asked_for(noise, noise_factor, labels):
    whole = evaluated(noise_factor, noise, labels(noise)).series
    for months in (11, 12):
        head = evaluated(noise_factor, noise, labels(noise), last_month=whole["month"][months - 1]).headline
        year = pytest.approx(whole["rank_ic"][:12].mean()) if months == 12 else None
        assert (head.months, head.ic_1y) == (months, year)
    asked = dataclasses.replace(FEW, newey_west_lag=5)
    head = evaluated(noise_factor, noise, labels(noise), settings=asked).headline
    assert head.ic_t == newey_west_t(whole["rank_ic"].to_numpy(), 5)
    assert head.ic_t != newey_west_t(whole["rank_ic"].to_numpy())


def test_a_month_whose_ic_is_zero_is_not_above_zero(steps, month_end_factor, labels):
    scores = np.array([[2.0, 4, 1, 3], [1, 2, 3, 4], [1, 2, 3, 4]])
    result = evaluated(month_end_factor(steps, scores), steps, labels(steps))
    assert result.series["rank_ic"].to_list() == [0, 1]
    assert result.headline.ic_positive == 0.5


def test_the_document_has_the_agreed_names_and_no_nan(noise, noise_factor, labels):
    document = to_json(evaluated(noise_factor, noise, labels(noise), study="gru"), limits=["one"])
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text) == document
    assert document["study"] == "gru"
    assert set(document) >= {
        "schema_version", "headline", "headline_pearson", "headline_raw", "headline_t", "series", "industries",
        "deciles", "data", "notes",
    }  # fmt: skip
    wanted = (
        "months, ic_mean, icir, ic_latest, ic_1y, annual_return, annual_volatility, return_over_volatility, "
        "information_ratio, max_drawdown, turnover, annual_excess"
    )
    assert set(document["headline"]) >= set(wanted.split(", "))
    assert set(document["series"][0]) >= {"month", "ic", "rank_ic", "n"}
    assert document["series"][0]["turnover"] is None
    assert document["data"]["limits"] == ["one"]
    assert len(document["picks"]) == 6
    with pytest.raises(TypeError, match="no place in the document"):
        to_json(dataclasses.replace(evaluated(noise_factor, noise, labels(noise)), notes=[object()]))


def test_the_same_settings_give_the_same_bytes(noise, noise_factor, labels):
    documents = {json.dumps(to_json(evaluated(noise_factor, noise, labels(noise)))) for _ in range(2)}
    assert len(documents) == 1
