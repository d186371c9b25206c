"""The pages' numbers are those of a run, though they are made from slices of the store."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_site import FOLD, Site

from gangru.evaluation.ic import forward_returns
from gangru.evaluation.picks import pick_table
from gangru.evaluation.settings import PortfolioSettings
from gangru.features.catalogue import features_of
from gangru.features.panel import build_panel
from gangru.features.windows import windows_of_date
from gangru.market.daily import carried
from gangru.serve.comparison import compared
from gangru.serve.desk import Desk
from gangru.serve.factors import FactorBook, factor_book, read_book
from gangru.serve.industry_months import industry_months, scored_months
from gangru.serve.market import sliced
from gangru.serve.windows import generator_of, real_window, stock_window
from gangru.training.batches import Sample
from gangru.training.feeding import regenerate


def the_market(desk: Desk):
    return desk.market(desk.study("main"), wait=None)


def the_book(desk: Desk) -> FactorBook:
    book = factor_book(desk.study("main"))
    assert book is not None
    return book


def section_on(desk: Desk, day):
    key, make = desk.section_job(the_market(desk), desk.study("main"), day)
    return desk.slices.ask(key, make, None)


def test_every_window_of_a_date_is_the_one_that_a_run_gathers(site: Site, desk: Desk) -> None:
    market, settings = the_market(desk), site.inputs.workspace.settings
    for day in the_book(desk).dates[::3]:
        row = site.inputs.market.date_index(np.datetime64(day))
        whole = windows_of_date(site.inputs.panel, row, site.inputs.universe.eligible[row], settings.features)
        section = section_on(desk, day)
        codes = site.inputs.market.codes[whole.stocks]
        assert section.codes.tolist() == codes.tolist()
        for n in range(0, len(codes), 7):
            own = real_window(market, settings, section, str(codes[n]))
            np.testing.assert_allclose(own, whole.x_NTF[n].T, rtol=0, atol=2e-5)


def test_a_window_with_ranked_series_is_the_one_that_a_run_gathers(site: Site, desk: Desk) -> None:
    from gangru.serve.cross_sections import cross_section

    market, settings = the_market(desk), site.inputs.workspace.settings
    ranked = replace(settings, features=replace(settings.features, ranked=("turnover", "return_1d")))
    panel, day = build_panel(site.inputs.market, features_of(ranked.features)), the_book(desk).dates[-1]
    row = site.inputs.market.date_index(np.datetime64(day))
    whole = windows_of_date(panel, row, site.inputs.universe.eligible[row], ranked.features)
    section = cross_section(market, desk.securities(market), ranked, day)
    for n in range(0, len(section.codes), 9):
        own = real_window(market, ranked, section, str(section.codes[n]))
        np.testing.assert_allclose(own, whole.x_NTF[n].T, rtol=0, atol=2e-5)


def test_a_stock_that_trades_again_after_a_long_halt_has_its_first_return(site: Site, desk: Desk) -> None:
    """Take the lead's trades away from one stock: only what lies before the slice tells its last close."""
    from gangru.serve.cross_sections import with_last_closes

    market, book = the_market(desk), the_book(desk)
    at = market.row(book.dates[-1])
    slice_ = sliced(market, market.facts.securities, at - 39, at)
    n = int(np.flatnonzero(slice_.traded.all(axis=0))[0])
    known = sliced(market, market.facts.securities, at - 60, at - 40, str(slice_.codes[n]))
    for name in ("open", "high", "low", "close", "volume", "amount"):
        getattr(slice_, name)[:20, n] = np.nan
    filled = with_last_closes(market, slice_, 20)
    assert filled.close[0, n] == known.close[-1, 0]
    assert np.isnan(filled.close[1:20, n]).all()


def test_the_generated_window_is_the_one_that_the_predictor_read(site: Site, desk: Desk) -> None:
    market, study, day = the_market(desk), desk.study("main"), the_book(desk).dates[-1]
    settings = study.workspace.settings
    section = section_on(desk, day)
    row = site.inputs.market.date_index(np.datetime64(day))
    whole = windows_of_date(site.inputs.panel, row, site.inputs.universe.eligible[row], settings.features)
    sample = Sample(
        whole.date,
        torch.from_numpy(whole.x_NTF),
        np.zeros(len(whole.stocks)),
        site.inputs.market.codes[whole.stocks],
    )
    made = regenerate(generator_of(study, FOLD), sample, settings.gan, settings.training).x_NTF
    for n in (0, len(whole.stocks) // 2, len(whole.stocks) - 1):
        window = stock_window(market, study, section, str(section.codes[n]), FOLD)
        np.testing.assert_allclose(window.generated_FT, made[n].T, rtol=0, atol=2e-4)


def test_places_are_those_of_the_picks(site: Site, desk: Desk) -> None:
    book = the_book(desk)
    for day in book.dates:
        rows = book.on(day)
        score = rows["factor"].fill_null(float("nan")).to_numpy()
        picks = pick_table(
            rows["code"].to_numpy(),
            score,
            None,
            buyable=np.ones(len(score), bool),
            portfolio=PortfolioSettings(fraction=0.1),
        )
        ours = rows.drop_nulls("factor").sort("rank")
        assert ours["code"].to_list() == picks["code"].to_list()
        np.testing.assert_allclose(ours["percentile"], picks["percentile"], atol=1e-6)
        assert ours["listed"].to_list() == picks["in_long_list"].to_list()


def test_a_list_of_so_many_stocks_is_so_long(site: Site, tmp_path) -> None:
    site.factor.write_parquet(tmp_path / "f.parquet")
    book = read_book(tmp_path / "f.parquet", 0.1, 7)
    assert book.table.group_by("date").agg(pl.col("listed").sum())["listed"].unique().to_list() == [7]


def test_the_return_after_a_month_is_the_evaluations(site: Site, desk: Desk) -> None:
    market, days = site.inputs.market, site.inputs.market.dates
    frames = desk.months(the_market(desk), desk.study("main"), the_book(desk))
    assert len(frames) == len(the_book(desk).month_dates)
    price, month = carried(market.adjusted("close")), days.astype("datetime64[M]")
    checked = 0
    for day, frame in frames.items():
        start = market.date_index(np.datetime64(day))
        later = np.flatnonzero(month == month[start] + 1)
        known = len(later) and later[-1] + 1 < len(days)
        assert frame["ret"].is_not_null().any() == bool(known)
        if known:
            wanted = forward_returns(price, market.traded, np.array([start + 1]), later[-1:] + 1)[0]
            mine = dict(frame.select("code", "ret").iter_rows())
            found = np.array([mine.get(code) for code in market.codes], dtype=float)
            np.testing.assert_allclose(found, wanted, rtol=1e-12)
            checked += 1
    assert checked >= 6


def test_an_industrys_last_month_and_year_are_those_of_the_evaluation(site: Site, desk: Desk) -> None:
    document = json.loads(site.inputs.workspace.evaluation_path.read_text())
    market, book, study = the_market(desk), the_book(desk), desk.study("main")
    scored = scored_months(book, desk.months(market, study, book))
    fraction = study.workspace.settings.evaluation.industry_fraction
    compared_with = 0
    for row in document["industries"]:
        table = industry_months(scored, row["industry"], fraction)
        last = table.row(-1, named=True)
        assert last["month"] == document["last_month"]
        assert last["n"] == row["n"]
        for name in ("ic", "excess"):
            wanted = row[f"{name}_month"]
            assert last[name] == (None if wanted is None else pytest.approx(wanted, abs=1e-12))
            compared_with += wanted is not None
    assert compared_with > 8


def test_two_factors_of_opposite_sign_are_told_as_such(desk: Desk) -> None:
    own, other = the_book(desk), factor_book(desk.study("other"))
    assert other is not None
    table = compared(own, other)
    assert table["date"].to_list() == list(own.dates)
    np.testing.assert_allclose(table["correlation"], -1, atol=1e-9)
    assert (table["b"] > table["a"]).all()
    itself = compared(own, own)
    np.testing.assert_allclose(itself["correlation"], 1, atol=1e-9)
    assert (itself["overlap"] == 1).all()


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-6, 1e6), wanted=st.integers(2, 9))
def test_ticks_hold_the_span_and_are_even(low: float, span: float, wanted: int) -> None:
    from gangru.serve.charts.axes import ticks

    marks = ticks(low, low + span, wanted)
    tiny = 1e-6 * span + 1e-9 * abs(low)
    assert marks[0] <= low + tiny
    assert marks[-1] >= low + span - tiny
    assert 2 <= len(marks) <= 2 * wanted + 3
    gaps, rounded = np.diff(marks), 4 * np.spacing(np.abs(marks).max())
    assert gaps.min() > 0
    assert np.allclose(gaps, gaps.mean(), rtol=1e-9, atol=rounded)
