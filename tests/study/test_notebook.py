"""The Python API: a whole study without a command, and what is added to it from outside the package."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import gangru
from gangru.errors import EvaluationError, SettingsError
from gangru.market.daily import DailyMarket
from gangru.market.rules import can_buy, can_sell
from gangru.market.sources.protocol import OnProgress
from gangru.report.blocks import Column, Section, Table, text
from gangru.report.inputs import Material
from small import SMALL

ONE_FOLD = SMALL | {"training.folds": ["2018-12-31"], "features.generator": "none"}


def streak(bars: gangru.Bars) -> np.ndarray:
    """Share of the last five days that the stock rose."""
    rose = np.where(np.isnan(bars.return_1d), np.nan, bars.return_1d > 0)
    out = np.full(rose.shape, np.nan)
    out[4:] = np.lib.stride_tricks.sliding_window_view(rose, 5, axis=0).mean(axis=-1)
    return out


STREAK = gangru.Feature(
    "streak", "share of the last 5 days with r > 0", "fraction", ("close",), "carry", streak
)


class MiddleOfTheDay:
    """Orders filled halfway between the day's high and low, where more than a million yuan were traded."""

    def __init__(self) -> None:
        self.asked = 0

    def fills(self, market: DailyMarket, rows: np.ndarray) -> gangru.Fills:
        self.asked += 1
        thick = market.amount[rows] > 1e6
        buy, sell = can_buy(market, rows=rows), can_sell(market, rows=rows)
        return gangru.Fills((market.high + market.low) / 2, buy & thick, sell & thick)


class FromMemory:
    """A source that is a table in memory."""

    name = "memory"
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    def __init__(self, bars: pl.DataFrame) -> None:
        self.bars, self.told = bars, False

    def pieces(self, on_progress: OnProgress) -> Iterator[gangru.Piece]:
        on_progress("memory", 0.5)
        yield gangru.Piece("bars", self.bars, "memory")

    def landed(self) -> None:
        self.told = True


def own_section(material: Material) -> Section:
    """How many stocks the list has."""
    rows = ((text("Stocks in the list"), len(material.evaluation.picks)),)
    columns = (Column("what", text("What")), Column("count", text("Count"), "integer"))
    return Section("own", text("Of our own"), (Table("own_counts", text("Counts"), columns, rows),))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> gangru.Study:
    extensions = gangru.Extensions((STREAK,), MiddleOfTheDay(), (own_section,))
    names = [*gangru.Study.create(tmp_path_factory.mktemp("other") / "ws").settings.features.names, "streak"]
    settings = ONE_FOLD | {"features.names": names, "features.ranked": ["streak"]}
    made = gangru.Study.create(tmp_path_factory.mktemp("api") / "ws", settings, extensions)
    report = made.simulate()
    assert report.changed
    return made


@pytest.fixture(scope="module")
def evaluation(study: gangru.Study) -> gangru.Evaluation:
    told: list[str] = []
    assert study.train(lambda stage, share: told.append(stage)) == ["2018-12-31"]
    assert told[-1] == "2018-12-31 predictor epoch 2"
    assert study.train() == []
    table = study.factor()
    assert table.columns == ["date", "code", "pret", "factor", "fold"]
    return study.evaluate()


def test_an_own_series_is_part_of_the_windows_and_of_the_report(
    study: gangru.Study, evaluation: gangru.Evaluation
) -> None:
    panel = study.inputs.panel
    assert [feature.name for feature in panel.features][-2:] == ["streak", "streak_rank"]
    expected = streak(gangru.Bars(study.inputs.market)).astype(np.float32)
    np.testing.assert_array_equal(panel.values[:, :, -2], expected)
    page = study.report(draft=True)[0].read_text("utf-8")
    assert "share of the last 5 days with r &gt; 0" in page or "share of the last 5 days with r > 0" in page
    assert "Of our own" in page


def test_an_own_rule_fills_the_orders_of_every_evaluation(
    study: gangru.Study, evaluation: gangru.Evaluation
) -> None:
    rule = study._workspace.extensions.execution
    assert isinstance(rule, MiddleOfTheDay)
    assert rule.asked >= 1
    plain = gangru.evaluate(study.runs / "factor.parquet", study.root)
    assert plain.headline.ic_mean == evaluation.headline.ic_mean
    assert plain.headline.annual_return != evaluation.headline.annual_return
    own = study.evaluate(study.runs / "factor.parquet")
    assert own.headline == evaluation.headline


def test_a_rule_of_another_shape_is_told(study: gangru.Study, evaluation: gangru.Evaluation) -> None:
    class Short:
        def fills(self, market: DailyMarket, rows: np.ndarray) -> gangru.Fills:
            there = np.ones((len(rows), len(market.codes)), dtype=bool)
            return gangru.Fills(market.close[1:], there, there)

    other = gangru.Study(study.root, extensions=gangru.Extensions((STREAK,), Short()))
    with pytest.raises(EvaluationError, match=r"Short\.fills gives price of shape"):
        other.evaluate()


def test_without_the_object_the_name_is_unknown(study: gangru.Study) -> None:
    with pytest.raises(SettingsError, match="streak"):
        _ = gangru.Study(study.root).inputs.panel


def test_an_own_source_is_checked_and_kept_like_any_other(tmp_path: Path, study: gangru.Study) -> None:
    bars = study.table("bars").select("date", "code", "open", "high", "low", "close", "volume", "amount")
    faulty = bars.with_columns(high=pl.when(pl.int_range(pl.len()) == 3).then(0.01).otherwise("high"))
    source = FromMemory(faulty)
    other = gangru.Study.create(
        tmp_path / "ws",
    )
    report = other.ingest(source)
    assert source.told
    assert report.tables["bars"].rows_read == len(bars)
    assert len(other.table("bars")) == len(bars) - 1
    assert other.table("quarantine")["file"].unique().to_list() == ["memory"]
    assert other.check().rows == len(bars) - 1


def test_a_report_is_made_of_any_evaluation(
    tmp_path: Path, study: gangru.Study, evaluation: gangru.Evaluation
) -> None:
    table = study.table("bars").select("date", "code", factor=-pl.col("close")).to_pandas()
    measured = study.evaluate(table, others={"own": study.runs / "factor.parquet"})
    assert measured.study == "factor"
    paths = gangru.write_report(measured, tmp_path, title="Cheap stocks", sections=(own_section,))
    page = paths[0].read_text("utf-8")
    assert paths[0].parent == tmp_path / "factor"
    assert "Cheap stocks" in page
    assert "Of our own" in page


def test_the_audit_looks_at_own_series_too(study: gangru.Study, evaluation: gangru.Evaluation) -> None:
    assert not study.audit(dates=1).leaks

    def peeking(bars: gangru.Bars) -> np.ndarray:
        return np.vstack([bars.return_1d[1:], np.zeros((1, bars.return_1d.shape[1]))])

    peek = gangru.Feature("streak", "tomorrow's return", "fraction", ("close",), "zero", peeking)
    caught = gangru.Study(study.root, extensions=gangru.Extensions((peek,))).audit(dates=1)
    assert "features" in {check.name for check in caught.leaks}


def test_a_variant_is_remembered_and_keeps_the_extensions(study: gangru.Study) -> None:
    variant = study.variant("fewer", {"predictor.hidden": 4})
    assert variant.settings.predictor.hidden == 4
    assert gangru.Study(study.root, "fewer").settings.predictor.hidden == 4
    assert variant.inputs.panel.features[-1].name == "streak_rank"
    assert repr(variant) == f"Study({str(study.root)!r}, 'fewer')"


def test_the_surface_is_what_it_says_and_nothing_else() -> None:
    assert set(gangru.PLACES) | {"evaluate"} == set(gangru.__all__)
    for name in gangru.__all__:
        thing: Any = getattr(gangru, name)
        assert thing.__doc__
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = gangru.Nothing
