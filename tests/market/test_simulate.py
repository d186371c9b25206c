"""The simulated market: believable bars that keep the rules, a signal read off the bars, noise where there is none."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from gangru.errors import SettingsError
from gangru.features.catalogue import chosen_features
from gangru.features.panel import build_panel
from gangru.features.settings import FeatureSettings
from gangru.features.windows import windows_of_date
from gangru.market.daily import carried
from gangru.market.rules import market_limits
from gangru.market.schema import TABLES
from gangru.market.simulate import SimulateSettings, simulate, write_market
from gangru.market.simulate.market import realised_labels
from gangru.market.simulate.signal import expected_labels, planted_return, signal_parts
from gangru.market.universe import UniverseSettings, universe
from simulated import read_market

SMALL = SimulateSettings(stocks=150, first="2018-06-01", last="2020-12-31", seed=3)


@pytest.fixture(scope="module")
def simulated():
    return simulate(SimulateSettings())


@pytest.fixture(scope="module")
def market(simulated):
    return read_market(simulated)


def test_tables_have_the_stores_columns_and_keys(simulated):
    for name in [name for name in TABLES if name not in ("quarantine", "sources")]:
        table, frame = TABLES[name], getattr(simulated, name)
        assert dict(frame.schema) == table.columns
        assert frame.select(table.key).is_unique().all()
        assert not any(frame[column].null_count() for column in table.required if column != "end")
        assert not frame.is_empty()


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(tmp_path):
    for directory, settings in (("a", SMALL), ("b", SMALL), ("c", replace(SMALL, seed=4))):
        write_market(simulate(settings), tmp_path / directory)
    written = {
        directory: {
            str(path.relative_to(tmp_path / directory)): path.read_bytes()
            for path in sorted((tmp_path / directory).rglob("*.*"))
        }
        for directory in "abc"
    }
    assert written["a"] == written["b"]
    assert sorted(written["a"]) == [
        "bars/2018.parquet",
        "bars/2019.parquet",
        "bars/2020.parquet",
        "calendar.csv",
        "code_changes.csv",
        "indices.parquet",
        "industry.csv",
        "listings.csv",
        "members.csv",
        "names.csv",
        "securities.csv",
        "simulate.json",
        "st.csv",
        "suspensions.csv",
    ]
    assert all(written["a"][name] != written["c"][name] for name in written["a"] if name != "calendar.csv")


def test_simulate_json_tells_the_seed_the_best_ic_and_the_settings(tmp_path):
    made = simulate(SMALL)
    write_market(made, tmp_path)
    told = json.loads((tmp_path / "simulate.json").read_text())
    assert told["seed"] == 3
    assert told["best_ic"] == made.best_ic
    assert told["settings"]["stocks"] == 150
    assert told["signal_variance_shares"] == made.shares


def test_every_bar_lies_within_its_limits_and_in_order(simulated, market):
    lower, upper = market_limits(market)
    assert not (market.high > upper).any()
    assert not (market.low < lower).any()
    bars = simulated.bars
    assert (bars["low"] <= bars.select(pl.min_horizontal("open", "close")).to_series()).all()
    assert (bars["high"] >= bars.select(pl.max_horizontal("open", "close")).to_series()).all()
    cents = bars["close"] * 100
    assert ((cents - cents.round()).abs() < 1e-6).all()
    vwap = market.amount / market.volume
    traded = market.traded
    assert (vwap[traded] >= market.low[traded] - 1e-4).all()
    assert (vwap[traded] <= market.high[traded] + 1e-4).all()
    assert 0.0005 < (market.close == upper)[traded].mean() < 0.02
    assert 0.0005 < (market.close == lower)[traded].mean() < 0.02


def test_wider_limits_are_used_only_from_their_date():
    bars = simulate(SMALL).bars.filter(~pl.col("suspended")).sort("code", "date")
    moves = bars.with_columns(
        age=pl.int_range(pl.len()).over("code"),
        move=(pl.col("close") * pl.col("factor")).pct_change().over("code").abs(),
    ).filter(pl.col("code").str.starts_with("30") & (pl.col("age") > 10))
    before = moves.filter(pl.col("date") < pl.date(2020, 8, 24))["move"].max()
    after = moves.filter(pl.col("date") >= pl.date(2020, 8, 24))["move"].max()
    assert before < 0.105 < after < 0.205  # limits are rounded to the cent


def test_the_market_has_what_a_real_one_has(simulated):
    bars, securities = simulated.bars, simulated.securities
    codes = securities["code"]
    for start in ("60", "00", "30", "688"):
        assert codes.str.starts_with(start).any()
    counts = bars.group_by("code").agg(
        pl.col("suspended").sum(), pl.col("is_st").any(), pl.col("factor").n_unique()
    )
    assert counts["suspended"].max() > 20
    assert 0.03 < counts["is_st"].mean() < 0.25
    assert counts["factor"].max() > 2
    left = securities.filter(pl.col("delist_date").is_not_null())
    assert len(left) >= 3
    last = bars.group_by("code").agg(pl.col("date").max()).join(left, on="code")
    assert (last["date"] < last["delist_date"]).all()
    assert securities.filter(pl.col("list_date") > bars["date"].min()).height >= 10
    own = simulated.industry.filter(pl.col("end").is_null() & (pl.col("taxonomy") == "sw"))
    sizes = own["industry"].value_counts()["count"]
    assert len(sizes) == 28
    assert sizes.min() == 1
    assert sizes.max() > 15
    assert simulated.calendar["date"].max() > bars["date"].max()


def test_stocks_that_are_delisted_have_fallen_and_were_st(simulated):
    left = simulated.securities.filter(pl.col("delist_date").is_not_null())["code"]
    ends = (
        simulated.bars.filter(pl.col("code").is_in(left.to_list()))
        .with_columns(adjusted=pl.col("close") * pl.col("factor"))
        .group_by("code")
        .agg(
            pl.col("adjusted").last() / pl.col("adjusted").tail(240).first(), pl.col("is_st").tail(16).first()
        )
    )
    assert ends["is_st"].all()
    assert ends["adjusted"].median() < 0.75


def test_returns_have_fat_tails_clusters_and_a_common_factor(market):
    adjusted = carried(market.adjusted("close"))
    returns = adjusted[1:] / adjusted[:-1] - 1
    full = market.traded.all(axis=0)
    full_returns = returns[:, full]
    standard = (full_returns - full_returns.mean(axis=0)) / full_returns.std(axis=0)
    assert (standard**4).mean() > 4
    size = np.abs(full_returns)
    size = size - size.mean(axis=0)
    memory = (size[1:] * size[:-1]).mean() / (size**2).mean()
    assert memory > 0.08
    assert 0.1 < np.corrcoef(full_returns.T)[np.triu_indices(full.sum(), 1)].mean() < 0.5
    assert 0.25 < full_returns.std() * np.sqrt(242) < 0.55
    turnover = np.log((market.volume / market.float_shares)[:, full])
    deviation = turnover - turnover.mean(axis=0)
    assert (deviation[1:] * deviation[:-1]).mean() / (deviation**2).mean() > 0.5
    assert np.corrcoef(deviation[1:].ravel(), np.abs(full_returns).ravel())[0, 1] > 0.1


def test_an_ex_day_lowers_the_raw_price_and_raises_the_factor(simulated):
    bars = simulated.bars.filter(~pl.col("suspended")).sort("code", "date")
    steps = bars.with_columns(
        ratio=pl.col("factor") / pl.col("factor").shift(1).over("code"),
        shares=pl.col("float_shares") / pl.col("float_shares").shift(1).over("code"),
        adjusted=(pl.col("close") * pl.col("factor")).pct_change().over("code"),
    ).filter(pl.col("ratio") != 1)
    assert steps.height > 200
    assert (steps["ratio"] > 1).all()
    assert steps["adjusted"].abs().max() < 0.11
    assert steps.filter(pl.col("ratio") > 1.15)["shares"].min() > 1.15


def test_index_members_cover_what_they_say(simulated):
    large = simulated.members.filter((pl.col("index") == "000300.SH") & pl.col("end").is_null())
    assert 0.2 < large.height / 400 < 0.32
    wrong = simulated.members.filter(pl.col("end") <= pl.col("start"))
    assert wrong.is_empty()
    bars = simulated.index_bars
    assert (bars["high"] >= bars.select(pl.max_horizontal("open", "close")).to_series()).all()
    assert (bars["low"] <= bars.select(pl.min_horizontal("open", "close")).to_series()).all()


def test_the_whole_market_index_is_the_value_weighted_return_of_its_stocks(simulated):
    days = simulated.index_bars["date"].unique().sort()[100:102].to_list()
    pair = simulated.bars.filter(pl.col("date").is_in(days)).with_columns(
        adjusted=pl.col("close") * pl.col("factor"), value=pl.col("close") * pl.col("float_shares")
    )
    old, new = (pair.filter(pl.col("date") == day) for day in days)
    both = old.join(new, on="code", suffix="_new")
    members = simulated.members.filter(
        (pl.col("index") == "000985.SH")
        & (pl.col("start") <= days[1])
        & (pl.col("end").is_null() | (pl.col("end") > days[1]))
    )
    both = both.join(members, on="code", how="semi")
    expected = ((both["adjusted_new"] / both["adjusted"] - 1) * both["value"]).sum() / both["value"].sum()
    level = simulated.index_bars.filter((pl.col("code") == "000985.SH") & pl.col("date").is_in(days)).sort(
        "date"
    )["close"]
    assert level[1] / level[0] - 1 == pytest.approx(expected, abs=5e-6)


def signal_from_bars(market):
    """The two halves of the signal, recomputed the slow way from nothing but written bars."""
    days, n = market.close.shape
    adjusted = market.close * market.factor
    follow, turnover = np.zeros((days, n)), np.full((days, n), np.nan)
    for day in range(days):
        traded = market.traded[day]
        log_turnover = np.log(market.volume[day] / market.float_shares[day])
        turnover[day] = np.where(traded, log_turnover - log_turnover[traded].mean(), turnover[day - 1])
        if day == 0:
            continue
        before = carried(adjusted[:day])[-1]
        known = traded & ~np.isnan(before)
        excess = np.where(known, adjusted[day] / before - 1, 0)
        excess = np.where(traded, excess - excess[traded].mean(), 0)
        excess /= np.sqrt((excess[traded] ** 2).mean())
        spread = market.high[day] - market.low[day]
        with np.errstate(invalid="ignore", divide="ignore"):
            position = np.where(spread > 0, (market.close[day] - market.low[day]) / spread, 0.5)
        product = (position - 0.5) / 0.25 * np.clip(excess, -1.5, 1.5)
        follow[day] = np.where(traded, product - product[traded].mean(), 0)
    return follow, turnover


def test_the_expected_label_is_read_off_the_bars_of_the_window_alone(simulated, market):
    follow, turnover = signal_from_bars(market)
    rows = np.arange(60, len(market.dates), 37)
    parts = []
    for t in rows:
        window = slice(t - 39, t + 1)
        order_free = -follow[window].sum(axis=0) / 12.33
        order = -(turnover[t - 19 : t + 1].sum(axis=0) - turnover[t - 39 : t - 19].sum(axis=0)) / 5.92
        parts.append(0.0085 * np.sqrt(0.5) * (order_free + order))
    mine = pl.DataFrame(
        {
            "date": np.repeat(market.dates[rows], len(market.codes)),
            "code": np.tile(market.codes, len(rows)),
            "mine": np.concatenate(parts) + 20 * 0.0002,
        }
    ).cast({"date": pl.Date})
    both = simulated.expected.join(mine.filter(pl.col("mine").is_not_nan()), on=["date", "code"])
    assert both.height > 0.9 * len(rows) * 300
    np.testing.assert_allclose(np.log1p(both["expected"]), both["mine"], atol=2e-4)


def test_the_signal_of_a_day_does_not_change_with_later_bars():
    random = np.random.default_rng(0)
    follow, turnover = random.standard_normal((2, 160, 7))
    before = expected_labels(follow, turnover, 0.01, 0.0)
    follow[101:], turnover[101:] = random.standard_normal((2, 59, 7))
    after = expected_labels(follow, turnover, 0.01, 0.0)
    assert before[:101].tobytes() == after[:101].tobytes()
    assert not np.array_equal(before[101], after[101])


def test_the_order_free_half_stays_and_the_ordered_half_averages_out_when_days_are_shuffled():
    random = np.random.default_rng(1)
    follow, turnover = random.standard_normal((2, 40, 5))
    free, order = (part[-1] for part in signal_parts(follow, turnover))
    shuffled = []
    for _ in range(400):
        days = random.permutation(40)
        new_free, new_order = (part[-1] for part in signal_parts(follow[days], turnover[days]))
        np.testing.assert_allclose(new_free, free)
        shuffled.append(new_order)
    assert np.abs(np.mean(shuffled, axis=0)).max() < 4 * np.std(shuffled) / 20
    assert np.abs(order).max() > 0


def test_expected_label_sums_the_planted_returns_of_the_days_it_covers():
    follow, turnover = np.random.default_rng(2).standard_normal((2, 120, 4))
    label = expected_labels(follow, turnover, 0.02, 0.001)[90]
    growth = np.ones(4)
    for day in range(92, 112):
        growth *= 1 + 0.001 + planted_return(follow, turnover, day, 0.02)
    np.testing.assert_allclose(label, growth - 1)


def test_both_halves_carry_half_of_the_variance(simulated):
    assert simulated.shares["order_free"] == pytest.approx(0.5, abs=0.05)
    assert sum(simulated.shares.values()) == pytest.approx(1)


@pytest.mark.parametrize("seed", [2, 7, 23])
def test_default_strength_gives_a_best_ic_of_eight_to_twelve_percent(seed):
    assert 0.08 <= simulate(SimulateSettings(seed=seed)).best_ic <= 0.12


def test_best_ic_is_the_mean_daily_spearman_of_expected_and_realised(simulated, market):
    labels = realised_labels(market)
    eligible = universe(market, market.dates, UniverseSettings()).eligible
    position = {code: i for i, code in enumerate(market.codes)}
    by_day = []
    for (day,), frame in simulated.expected.group_by("date", maintain_order=True):
        row = int(np.searchsorted(market.dates, np.datetime64(day)))
        columns = np.array([position[code] for code in frame["code"]])
        assert eligible[row, columns].all()
        known = ~np.isnan(labels[row, columns])
        if known.sum() >= 30:
            by_day.append(spearmanr(frame["expected"].to_numpy()[known], labels[row, columns][known])[0])
    assert simulated.best_ic == pytest.approx(np.mean(by_day), abs=1e-9)


def test_label_runs_from_the_close_of_t_plus_1_to_that_of_t_plus_21(market):
    labels = realised_labels(market)
    stock = int(np.argmax(market.traded.all(axis=0)))
    adjusted = (market.close * market.factor)[:, stock]
    assert labels[100, stock] == pytest.approx(adjusted[121] / adjusted[101] - 1)
    assert np.isnan(labels[-21:]).all()
    assert not np.isnan(labels[-22, stock])


def characteristics(market):
    """What an eye might sort stocks by on a date, (D, N) each."""
    adjusted = carried(market.adjusted("close"))
    returns = np.full_like(adjusted, np.nan)
    returns[1:] = adjusted[1:] / adjusted[:-1] - 1

    def past(days):
        out = np.full_like(adjusted, np.nan)
        out[days:] = adjusted[days:] / adjusted[:-days] - 1
        return out

    volatility = np.full_like(adjusted, np.nan)
    volatility[19:] = np.lib.stride_tricks.sliding_window_view(returns, 20, axis=0).std(axis=-1)
    return {
        "volatility": volatility,
        "size": np.log(market.float_value()),
        "past 1": past(1),
        "past 5": past(5),
        "past 20": past(20),
        "turnover": np.log(market.volume / market.float_shares),
        "price": np.log(market.close),
        "days listed": (market.dates[:, None] - market.list_date).astype(float),
    }


def mean_ics(seeds, **settings):
    """Each characteristic's Pearson ICs over all seeds, on dates so far apart that labels do not overlap."""
    ics = {}
    for seed in seeds:
        market = read_market(simulate(SimulateSettings(seed=seed, **settings)))
        labels = realised_labels(market)
        eligible = universe(market, market.dates, UniverseSettings()).eligible & ~np.isnan(labels)
        for name, values in characteristics(market).items():
            usable = eligible & np.isfinite(values)
            for day in range(62, len(market.dates) - 22, 21):
                at = usable[day]
                ics.setdefault(name, []).append(np.corrcoef(values[day, at], labels[day, at])[0, 1])
    return {name: np.array(values) for name, values in ics.items()}


def standardised(ics):
    return {name: values.mean() / values.std(ddof=1) * np.sqrt(len(values)) for name, values in ics.items()}


def test_without_a_signal_no_characteristic_predicts_anything():
    t = standardised(mean_ics(range(6), strength=0.0, stocks=200, first="2018-01-02"))
    assert all(abs(value) < 3 for value in t.values()), t


@pytest.mark.full
def test_without_a_signal_no_characteristic_predicts_anything_over_forty_seeds():
    t = standardised(mean_ics(range(40), strength=0.0))
    assert all(abs(value) < 3 for value in t.values()), t


def test_with_a_signal_the_same_check_would_find_it():
    t = standardised(mean_ics(range(2), strength=0.05, stocks=200, first="2018-01-02"))
    assert abs(t["turnover"]) > 3


def test_strength_zero_expects_the_same_of_every_stock_and_has_no_best_ic():
    made = simulate(replace(SMALL, strength=0.0))
    assert made.best_ic == 0.0
    assert made.expected.group_by("date").agg(pl.col("expected").n_unique())["expected"].max() == 1
    assert made.expected["expected"][0] == pytest.approx(1.0002**20 - 1)


def test_strength_changes_the_returns_and_not_the_weather():
    calm, loud = (simulate(replace(SMALL, strength=strength)) for strength in (0.0, 0.02))
    assert calm.calendar.equals(loud.calendar)
    assert calm.industry.equals(loud.industry)
    first = pl.col("date") == calm.bars["date"].min()
    assert calm.bars.filter(first).equals(loud.bars.filter(first))
    assert not calm.bars.equals(loud.bars)


@pytest.mark.parametrize(
    ("field", "value"),
    [("stocks", 10), ("strength", -0.1), ("strength", 0.2), ("st", 0.9), ("industries", 1)],
)
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(SettingsError, match=field):
        SimulateSettings(**{field: value})


def test_a_span_that_is_no_span_is_refused():
    with pytest.raises(SettingsError, match="expected dates as"):
        simulate(SimulateSettings(first="last spring"))
    with pytest.raises(SettingsError, match="trading days"):
        simulate(SimulateSettings(first="2020-01-02", last="2020-02-01"))


def test_years_without_a_known_calendar_are_simulated_on_weekdays():
    made = simulate(SimulateSettings(stocks=60, first="2060-01-01", last="2060-12-31"))
    assert made.bars["date"].n_unique() == 262


def test_both_halves_survive_the_scaling_of_the_windows(simulated, market):
    settings = FeatureSettings(names=("close_position", "excess_return", "turnover"))
    panel = build_panel(market, chosen_features(settings.names))
    eligible = universe(market, market.dates, UniverseSettings()).eligible
    parts = signal_parts(*signal_from_bars(market))
    found = []
    for row in range(200, 800, 100):
        windows = windows_of_date(panel, row, eligible[row], settings)
        position, excess, turnover = windows.x_NTF.transpose(2, 0, 1)
        together = (position * excess).sum(axis=1)
        newest_over_older = turnover[:, 20:].sum(axis=1) - turnover[:, :20].sum(axis=1)
        free, order = (part[row, windows.stocks] for part in parts)
        assert not np.isnan(free).any()
        pairs = ((together, free), (newest_over_older, order), (together, order), (newest_over_older, free))
        found.append([np.corrcoef(seen, planted)[0, 1] for seen, planted in pairs])
    free, order, *crossed = np.mean(found, axis=0)
    assert free < -0.8
    assert order < -0.8
    assert np.abs(crossed).max() < 0.1
