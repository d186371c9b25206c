"""What a real market does to data is done by the simulated one too: it leaves, returns, renames, halts and reforms."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gangru.market.calendar import trading_days
from gangru.market.codes import board
from gangru.market.daily import DELISTING, GONE, carried
from gangru.market.facts import facts_of
from gangru.market.identity import identities_of
from gangru.market.ingest import ingest
from gangru.market.intervals import normalise_intervals
from gangru.market.loading import daily_market
from gangru.market.quality import rule_faults
from gangru.market.rules import limit_prices, market_limits, reference_price
from gangru.market.schema import TABLES
from gangru.market.simulate import SimulateSettings, simulate, write_market
from gangru.market.simulate.bars import ex_price
from gangru.market.simulate.codes import REAL_CHANGES, as_published, draw_codes
from gangru.market.simulate.market import realised_labels
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store
from gangru.market.universe import UniverseSettings, listed_days, universe
from simulated import read_market

LATE = SimulateSettings(stocks=300, first="2024-01-02", last="2026-09-30", st=0.08, seed=5)
MIDDLE = SimulateSettings(stocks=300, first="2020-06-01", last="2023-09-28", seed=6)
EVENTFUL = {
    "suspensions": 2.0,
    "long_suspensions": 0.1,
    "relistings": 0.05,
    "delistings": 0.05,
    "rights": 0.3,
    "news": 0.01,
    "code_changes": 0.05,
}
REFORM = np.datetime64("2026-07-06")


@pytest.fixture(scope="module")
def late():
    return simulate(LATE)


@pytest.fixture(scope="module")
def late_market(late):
    return read_market(late)


@pytest.fixture(scope="module")
def middle():
    return simulate(MIDDLE)


@pytest.fixture(scope="module")
def usual():
    return simulate(SimulateSettings())


PATHS = {
    "usual": {
        "delisted": 5, "listed_again": 2, "code_changes": 1, "suspensions": 400, "suspensions_of_half_a_year": 3,
        "dividends": 500, "bonus_issues": 50, "rights_issues": 3, "closes_at_upper_limit": 500,
        "closes_at_lower_limit": 500, "days_free_by_occasion": 2,
    },
    "middle": {
        "listed_in_beijing": 1, "delisted": 4, "listed_again": 1, "suspensions_of_half_a_year": 3,
        "rights_issues": 2, "days_free_by_occasion": 5,
    },
    "late": {
        "listed_in_beijing": 10, "delisted": 4, "listed_again": 1, "code_changes": 8,
        "suspensions_of_half_a_year": 3, "days_free_by_occasion": 5,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PATHS)
def test_every_kind_of_event_comes_about_so_often(name, request):
    counts = request.getfixturevalue(name).counts
    short = {kind: (counts[kind], least) for kind, least in PATHS[name].items() if counts[kind] < least}
    assert not short


@pytest.mark.parametrize("name", ["usual", "middle", "late"])
def test_every_bar_keeps_the_limits_of_its_day(name, request):
    market = read_market(request.getfixturevalue(name))
    lower, upper = market_limits(market)
    assert not (market.high > upper).any()
    assert not (market.low < lower).any()
    assert np.isnan(upper[1:][market.traded[1:]]).mean() < 0.01


def test_st_stocks_move_by_five_percent_before_the_reform_and_by_ten_after(late_market):
    reference = reference_price(late_market.close, late_market.factor)
    moves = np.abs(late_market.close / reference - 1)
    young = listed_days(late_market, late_market.dates) < 10
    special = (late_market.is_st == 1) & (board(late_market.codes) == "main") & ~young & (reference > 2)
    before = moves[special & (late_market.dates < REFORM)[:, None]]
    after = moves[special & (late_market.dates >= REFORM)[:, None]]
    assert 0.045 < np.nanmax(before) < 0.0525
    assert 0.0525 < np.nanmax(after) < 0.1025


def test_beijing_has_its_own_limits_and_dates(middle, late):
    for made in (middle, late):
        codes = made.securities.filter(pl.col("code").str.ends_with(".BJ"))
        assert codes["list_date"].min() >= date(2021, 11, 15)
    market = read_market(late)
    here = board(market.codes) == "beijing"
    reference = reference_price(market.close, market.factor)
    moves = np.abs(market.close / reference - 1)[:, here]
    limited = ~np.isnan(market_limits(market)[1][:, here])
    assert 0.2 < np.nanmax(moves[limited]) < 0.31  # limits are rounded to the cent


def test_beijing_codes_are_those_of_the_last_day(middle, late):
    middle_codes = middle.securities.filter(pl.col("code").str.ends_with(".BJ"))["code"]
    assert middle_codes.str.starts_with("83").all()
    late_codes = late.securities.filter(pl.col("code").str.ends_with(".BJ"))["code"]
    assert late_codes.str.starts_with("920").all()
    switched = late.code_changes.filter(pl.col("code").str.ends_with(".BJ"))
    assert set(switched["date"]) == {date(2025, 10, 9)}
    assert switched["old"].str.starts_with("83").all()
    young = late.securities.filter(
        pl.col("code").str.ends_with(".BJ") & (pl.col("list_date") >= date(2024, 4, 22))
    )
    assert not set(young["code"]) & set(switched["code"])


def test_a_stock_that_comes_back_has_two_listings_and_nothing_between(usual):
    again = usual.listings.filter(pl.col("code").is_duplicated()).sort("code", "start")
    assert again.height == 2 * usual.counts["listed_again"] > 0
    for code, first, second in zip(
        again["code"][::2], again[::2].iter_rows(named=True), again[1::2].iter_rows(named=True), strict=True
    ):
        bars = usual.bars.filter(pl.col("code") == code)
        assert first["end"] + timedelta(days=340) < second["start"]
        assert second["end"] is None
        assert bars.filter(pl.col("date").is_between(first["end"], second["start"], closed="left")).is_empty()
        assert {first["end"], second["start"]} <= set(usual.calendar["date"])
        assert second["start"] in set(bars["date"])


def test_days_without_a_limit_by_occasion_go_beyond_the_usual_ones():
    beyond = 0
    for seed in range(3):
        market = read_market(
            simulate(
                SimulateSettings(stocks=100, first="2021-01-04", last="2023-12-29", seed=seed, **EVENTFUL)
            )
        )
        usual_lower, usual_upper = limit_prices(
            market.codes, market.dates, reference_price(market.close, market.factor),
            market.is_st, np.full(market.close.shape, -1),
        )  # fmt: skip
        _, upper = market_limits(market)
        old = listed_days(market, market.dates)
        again = np.isin(np.broadcast_to(market.dates[:, None], old.shape), market.relisted)
        occasion = np.isnan(upper) & market.traded & (again | (market.status == DELISTING))
        assert occasion.sum() > 10
        beyond += (occasion & ((market.close > usual_upper) | (market.close < usual_lower))).sum()
    assert beyond > 3


def test_a_delisting_period_is_fifteen_days_under_its_own_name(late, late_market):
    leaving = late_market.status == DELISTING
    gone = np.flatnonzero((late_market.status[-1] == GONE) & leaving.any(axis=0))
    assert len(gone) >= 3
    assert (leaving[:, gone].sum(axis=0) == 14).all()  # and the last day, which counts as gone
    assert not (leaving & (late_market.is_st == 1)).any()
    last = late.securities.filter(pl.col("delist_date").is_not_null())["name"]
    assert last.str.ends_with("退").all()


def on_day(spans, code, day):
    """The intervals of a code that hold on a day, looked for one by one."""
    return [
        row for row in spans.get(code, []) if row["start"] <= day and (row["end"] is None or day < row["end"])
    ]


def test_interval_tables_say_of_every_bar_what_the_bar_says():
    made = simulate(SimulateSettings(stocks=50, first="2022-01-04", last="2023-12-29", seed=1, **EVENTFUL))
    tables = {}
    for name in ("st", "suspensions", "listings", "names", "industry"):
        by_code = {}
        for row in getattr(made, name).iter_rows(named=True):
            by_code.setdefault(row["code"], []).append(row)
        tables[name] = by_code
    seen = 0
    for bar in made.bars.iter_rows(named=True):
        at = {name: on_day(spans, bar["code"], bar["date"]) for name, spans in tables.items()}
        assert len(at["listings"]) == 1
        assert len(at["st"]) == bar["is_st"]
        assert len(at["suspensions"]) == bar["suspended"]
        assert len(at["names"]) == 1
        assert at["names"][0]["name"].startswith("ST ") == bar["is_st"]
        assert sorted(row["taxonomy"] for row in at["industry"]) == ["citic", "sw"]
        seen += bar["suspended"]
    assert seen > 500
    days = set(made.calendar["date"])
    for row in made.listings.iter_rows(named=True):
        covered = made.bars.filter(
            (pl.col("code") == row["code"])
            & (pl.col("date") >= row["start"])
            & (pl.col("date") < (row["end"] or date.max))
        ).height
        first, last = made.bars["date"].min(), made.bars["date"].max()
        assert covered == sum(
            max(row["start"], first) <= day < (row["end"] or last + timedelta(days=1)) for day in days
        )


def test_one_industry_has_one_stock(usual, late):
    for made in (usual, late):
        own = made.industry.filter(pl.col("taxonomy") == "sw")
        assert own.group_by("industry").agg(pl.col("code").n_unique())["code"].min() == 1


def test_industries_are_renamed_on_the_day_of_the_new_edition_and_not_before(usual, middle):
    day = date(2021, 7, 30)
    own = middle.industry.filter(pl.col("taxonomy") == "sw")
    for old, new in (("Retail", "Commerce and Retail"), ("Utilities", "Environmental Protection")):
        before, after = (own.filter(pl.col("industry") == name) for name in (old, new))
        renamed = before.filter(pl.col("end") == day)
        assert renamed.height
        assert set(renamed["code"]) <= set(after.filter(pl.col("start") == day)["code"])
        assert after["start"].min() == day
    assert "Retail" not in own.filter(pl.col("end").is_null())["industry"].to_list()
    assert (
        "Commerce and Retail" not in usual.industry.filter(pl.col("taxonomy") == "sw")["industry"].to_list()
    )


def test_citic_sees_most_stocks_in_the_same_industry_and_some_elsewhere(usual):
    last = usual.industry.filter(pl.col("end").is_null())
    pairs = last.filter(pl.col("taxonomy") == "sw").join(
        last.filter(pl.col("taxonomy") == "citic"), on="code", suffix="_citic"
    )
    banks = pairs.filter(pl.col("industry") == "Banks")["industry_citic"]
    assert (banks == "Banking").mean() > 0.6
    most = pairs.group_by("industry").agg(
        (pl.col("industry_citic") == pl.col("industry_citic").mode().first()).mean()
    )
    assert 0.8 < most["industry_citic"].mean() < 1


@pytest.mark.parametrize(
    ("close", "dividend", "bonus", "rights", "price", "expected"),
    [
        (10.00, 0.50, 0.0, 0.0, 0.0, 9.50),  # cash alone
        (10.00, 0.00, 1.0, 0.0, 0.0, 5.00),  # ten for ten
        (10.00, 0.00, 0.0, 0.3, 6.0, 11.8 / 1.3),  # three for ten at 6
        (10.00, 0.50, 0.3, 0.2, 6.0, 10.7 / 1.5),  # all at once
    ],
)
def test_ex_prices_by_hand(close, dividend, bonus, rights, price, expected):
    assert ex_price(*map(np.array, (close, dividend, bonus, rights, price))) == pytest.approx(expected)


def test_of_a_rights_issue_the_factor_tells_a_price_in_cents_below_the_market():
    made = simulate(SimulateSettings(stocks=60, first="2022-01-04", last="2023-12-29", **EVENTFUL))
    steps = (
        made.bars.filter(~pl.col("suspended"))
        .sort("code", "date")
        .with_columns(
            ratio=pl.col("factor") / pl.col("factor").shift(1).over("code"),
            new=pl.col("float_shares") / pl.col("float_shares").shift(1).over("code") - 1,
            before=pl.col("close").shift(1).over("code"),
        )
        .filter(pl.col("ratio") != 1)
    )
    issues = steps.filter(
        pl.any_horizontal((pl.col("new") - share).abs() < 1e-6 for share in (0.1, 0.2, 0.3))
    )
    price = (
        issues["before"] * ((1 + issues["new"]) / issues["ratio"] - 1) / issues["new"]
    )  # the formula, solved for it
    rights = (price / issues["before"]).to_numpy() > 0.4  # bonus shares cost nothing
    assert rights.sum() > 15
    assert ((price / issues["before"]).to_numpy()[rights] < 0.91).all()
    cents = 100 * price.to_numpy()[rights]
    np.testing.assert_allclose(cents, np.round(cents), atol=1e-3)


def test_no_code_is_one_that_is_known_to_have_changed_in_truth():
    listed = np.full(5000, np.datetime64("2019-08-01"))
    rng, rare = np.random.default_rng(0), np.random.default_rng(1)
    codes = draw_codes(listed, np.arange(5000) % 2 == 0, SimulateSettings(), rng, rare)
    assert len(set(codes.tolist())) == 5000
    assert not np.isin(codes, sorted(REAL_CHANGES)).any()


def test_written_bars_are_under_the_code_of_their_day(late, tmp_path):
    write_market(late, tmp_path)
    bars = pl.concat([pl.read_parquet(path) for path in sorted((tmp_path / "bars").glob("*.parquet"))])
    assert late.code_changes.height >= 8
    for old, code, day in late.code_changes.iter_rows():
        assert bars.filter(pl.col("code") == old)["date"].max() < day
        assert bars.filter(pl.col("code") == code)["date"].min() >= day
    assert bars.select("date", "code").is_unique().all()
    back = identities_of(late.code_changes, known=()).of(bars["code"])
    assert bars.with_columns(back).sort("date", "code").equals(late.bars.sort("date", "code"))
    assert as_published(late.bars, late.code_changes.clear(), "date").equals(late.bars)


@pytest.mark.parametrize("name", ["usual", "late"])
def test_what_is_written_is_read_back_by_an_ingest(name, request, tmp_path):
    made = request.getfixturevalue(name)
    market = read_market(made)
    write_market(made, tmp_path / "files")
    store = Store.open(tmp_path / "store")
    report = ingest(tmp_path / "files", store, DataSettings())
    assert set(report.tables) == set(TABLES) - {"quarantine", "sources"}
    assert all(part.quarantined == 0 for part in report.tables.values())
    for table in ("st", "suspensions", "listings", "industry", "securities", "code_changes"):
        key = list(TABLES[table].key)
        assert store.read(table).sort(key).equals(getattr(made, table).sort(key)), table
    facts = facts_of(store)
    read = daily_market(store.read("bars"), facts.securities, trading_days(store), facts)
    for field in (
        "dates",
        "codes",
        "open",
        "close",
        "factor",
        "volume",
        "is_st",
        "status",
        "list_date",
        "relisted",
    ):
        np.testing.assert_array_equal(getattr(read, field), getattr(market, field), err_msg=field)


def test_a_table_without_rows_leaves_no_file(tmp_path):
    calm = {"relistings": 0.0, "code_changes": 0.0, "first": "2018-01-02", "last": "2018-12-28", "stocks": 60}
    write_market(simulate(SimulateSettings(st=0.2, **calm)), tmp_path)
    assert (tmp_path / "st.csv").exists()
    write_market(simulate(SimulateSettings(st=0.0, delistings=0.0, **calm)), tmp_path)
    assert not (tmp_path / "st.csv").exists()
    assert not (tmp_path / "code_changes.csv").exists()


SPANS = [
    ("2013-01-04", "2014-12-31"),
    ("2019-01-02", "2021-12-31"),
    ("2021-06-01", "2023-08-31"),
    ("2023-01-03", "2024-06-28"),
    ("2025-06-02", "2026-12-31"),
]


MARKETS = {
    "seed": st.integers(0, 10_000),
    "span": st.sampled_from(SPANS),
    "strength": st.sampled_from([0.0, 0.05]),
    "drift": st.sampled_from([-0.002, 0.0002, 0.002]),
    "eventful": st.booleans(),
}


def breaks_no_rule(seed, span, strength, drift, eventful):
    """Make a market and look for whatever is broken in its tables."""
    made = simulate(
        SimulateSettings(
            seed=seed, stocks=50, first=span[0], last=span[1], strength=strength, drift=drift,
            new_listings=0.3, beijing=0.5, **(EVENTFUL if eventful else {}),
        )
    )  # fmt: skip
    for name, table in TABLES.items():
        if hasattr(made, name):
            frame = getattr(made, name)
            assert dict(frame.schema) == table.columns
            assert frame.select(table.key).is_unique().all()
            assert rule_faults(frame, frame, table).is_empty()
    keys = {"st": ["code"], "suspensions": ["code"], "listings": ["code"], "names": ["code"]}
    for name, key in (keys | {"members": ["index", "code"], "industry": ["taxonomy", "code"]}).items():
        value = {"names": "name", "industry": "industry"}.get(name)
        normal = normalise_intervals(getattr(made, name), key, value)
        assert normal.merged == 0, name
        assert normal.refused.is_empty(), name
    market = read_market(made)
    lower, upper = market_limits(market)
    assert not (market.high > upper).any()
    assert not (market.low < lower).any()
    assert np.isfinite(market.close[market.traded]).all()
    assert (made.expected["expected"].abs() < 0.5).all()


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(**MARKETS)
def test_any_seed_gives_tables_that_break_no_rule(**market):
    breaks_no_rule(**market)


@pytest.mark.full
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(**MARKETS)
def test_many_seeds_give_tables_that_break_no_rule(**market):
    breaks_no_rule(**market)


def slopes(seed, **changes):
    """Slopes of realised on expected labels, each less its day's mean: of all, and of those interrupted by a halt.

    On days so far apart that labels do not overlap, for stocks that trade on a label's first day and on its last: a
    halt past the end keeps what it owes.
    """
    made = simulate(SimulateSettings(seed=seed, stocks=250, first="2018-01-02", **changes))
    market = read_market(made)
    labels, traded = realised_labels(market), market.traded
    row = np.searchsorted(market.dates, made.expected["date"].to_numpy().astype("datetime64[D]"))
    column = np.searchsorted(market.codes, made.expected["code"].to_numpy().astype(str))
    expected = np.full(labels.shape, np.nan)
    expected[row, column] = made.expected["expected"].to_numpy()
    known = ~np.isnan(labels) & ~np.isnan(expected)
    known[:-21] &= traded[21:]
    pairs, halted = [], []
    for day in range(62, len(labels) - 22, 21):
        e, r = expected[day, known[day]], labels[day, known[day]]
        pairs.append(np.array([e - e.mean(), r - r.mean()]))
        halted.append(~traded[day + 1 : day + 22, known[day]].all(axis=0))
    (e, r), halt = np.concatenate(pairs, axis=1), np.concatenate(halted)
    return e @ r / (e @ e), e[halt] @ r[halt] / (e[halt] @ e[halt])


def test_events_take_nothing_from_what_is_to_be_expected():
    eventful = EVENTFUL | {"suspensions": 5.0}
    found = np.array([slopes(seed, strength=0.05, **eventful) for seed in range(6)])
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (error < (0.03, 0.05)).all(), error
    assert (np.abs(found.mean(axis=0) - 1) < 3 * error).all(), (found.mean(axis=0), error)


def after_events(seed):
    """The mean excess label after each kind of event in a market of noise."""
    made = simulate(SimulateSettings(seed=seed, stocks=250, first="2018-01-02", strength=0.0, **EVENTFUL))
    market = read_market(made)
    labels, traded = realised_labels(market), market.traded
    eligible = universe(market, market.dates, UniverseSettings()).eligible & ~np.isnan(labels)
    excess = np.full(labels.shape, np.nan)
    for day in np.flatnonzero(eligible.any(axis=1)):
        excess[day] = labels[day] - labels[day, eligible[day]].mean()
    lower, upper = market_limits(market)
    halted_before = np.zeros_like(traded)
    halted_before[1:] = ~traded[:-1]
    known = carried(np.where(traded, market.factor, np.nan))
    ex_day = np.zeros_like(traded)
    ex_day[1:] = known[1:] > known[:-1] * 1.05
    events = {
        "upper limit": market.close == upper,
        "lower limit": market.close == lower,
        "after a halt": halted_before,
        "bonus or rights": ex_day,
        "relisted": np.broadcast_to(~np.isnat(market.relisted).all(axis=0), traded.shape),
    }
    return {name: excess[where & eligible].mean() for name, where in events.items()}


def test_after_no_event_is_more_or_less_to_be_expected():
    found = [after_events(seed) for seed in range(100, 112)]
    for name in found[0]:
        means = np.array([one[name] for one in found])
        t = means.mean() / means.std(ddof=1) * np.sqrt(len(means))
        assert abs(t) < 4, (name, t)
        assert means.std(ddof=1) / np.sqrt(len(means)) < 0.005, name
