"""The audit on a sound study: everything holds, nothing of the workspace is touched, and the noise is noise."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from typer.testing import CliRunner

from gangru.cli.app import app
from gangru.market.schema import BARS, BOOKKEEPING, SPANS, TABLES
from gangru.market.store import Store
from gangru.study import inputs as study_inputs
from gangru.study.audit import audit as audit_room
from gangru.study.audit.audit import audit
from gangru.study.audit.future import Future, draw_future
from gangru.study.audit.permute import band, chance_spread, mean_ic, with_shuffled_labels
from gangru.study.audit.result import AuditReport
from gangru.study.audit.scramble import scrambled, write_twin
from gangru.study.audit.spans import FoldSpans, measured_reach, span_checks
from gangru.study.inputs import load_inputs
from gangru.study.workspace import Workspace, open_workspace
from gangru.training.batches import FoldData, Sample
from gangru.training.folds import Fold
from small import small_workspace

DAY = date(2019, 3, 29)
State = dict[str, tuple[bytes, int]]


def state_of(root: Path) -> State:
    """Bytes and time of every file of a workspace."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A small simulated market, with a run directory that somebody began."""
    made = small_workspace(tmp_path_factory.mktemp("audit") / "sound")
    (made.runs / "2019-06-30").mkdir(parents=True)
    (made.runs / "2019-06-30" / "predictor.state.safetensors").write_bytes(b"half a training")
    return made


@pytest.fixture(scope="module")
def audited(
    workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> tuple[AuditReport, State, Path]:
    """The audit, the workspace before it, and where its temporary directories went."""
    before, temporary = state_of(workspace.root), tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(temporary))
        return audit(workspace, dates=2), before, temporary


def test_nothing_of_a_sound_study_leaks(audited: tuple[AuditReport, State, Path]) -> None:
    report = audited[0]
    assert report.leaks == ()
    assert {check.verdict for check in report.checks} == {"holds"}
    assert report.fold == "2019-06-30"


def test_it_compares_all_that_a_study_says(audited: tuple[AuditReport, State, Path]) -> None:
    report = audited[0]
    names = {
        "stocks", "facts", "bars", "universe", "features", "labels", "float value", "industries", "windows",
        "predictions", "factor", "factor table", "training inputs", "validation inputs", "weights",
        "weights without validation labels", "trained on shuffled labels", "evaluated on shuffled labels", "labels end by the training day",
        "no training label meets a validation label", "purged dates are absent",
    }  # fmt: skip
    assert {check.name for check in report.checks} == names
    assert all(check.compared > 0 and check.size > 0 for check in report.checks)
    assert len(report.named("universe")) == 4
    assert report.size > 10_000_000
    assert all(
        {"bars", "industry", "names", "st", "listings"} <= rows.keys() for rows in report.scrambled.values()
    )


def test_the_training_day_and_the_day_before_validation_are_asked(
    audited: tuple[AuditReport, State, Path],
) -> None:
    report = audited[0]
    assert [check.day for check in report.named("weights")] == [date(2019, 6, 28)]
    before, trained = [check.day for check in report.named("training inputs")]
    assert trained == date(2019, 6, 28)
    assert before == date(2019, 5, 14)  # the first of three validation dates is 2019-05-15
    assert report.named("training inputs")[0].compared == 9


def test_the_workspace_is_untouched_and_nothing_stays_behind(
    audited: tuple[AuditReport, State, Path], workspace: Workspace
) -> None:
    assert state_of(workspace.root) == audited[1]
    assert list(audited[2].glob("gangru-*")) == []


def test_nothing_stays_behind_where_it_is_interrupted(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def interrupted(stage: str, _share: float) -> None:
        if stage.startswith("another future"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit(workspace, 0, 0, interrupted)
    assert list(tmp_path.glob("gangru-*")) == []


@pytest.mark.parametrize("generator", ["none", "ae", "untrained"])
def test_it_audits_every_generator(workspace: Workspace, generator: str) -> None:
    variant = open_workspace(workspace.root, generator, {"features.generator": generator})
    report = audit(variant, dates=0)
    assert report.leaks == ()
    assert [check.verdict for check in report.named("weights")] == ["holds"]


def test_the_command_prints_json_and_exits_with_0(workspace: Workspace) -> None:
    done = CliRunner().invoke(app, ["audit", "-C", str(workspace.root), "--dates", "0", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["schema_version"] == 1
    assert told["leaks"] == 0
    assert told["bytes"] == sum(check["bytes"] for check in told["checks"])
    assert {"name", "day", "scrambled", "rows", "compared", "unit", "bytes", "verdict", "finding"} == set(
        told["checks"][0]
    )


def test_the_command_exits_with_1_on_a_leak_and_names_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = study_inputs.build_labels
    monkeypatch.setattr(study_inputs, "build_labels", lambda m, s: np.roll(original(m, s), -1, axis=0))
    done = CliRunner().invoke(
        app, ["audit", "-C", str(workspace.root), "--dates", "0"], env={"COLUMNS": "200"}
    )
    assert done.exit_code == 1
    assert "LEAK" in done.stdout
    assert "differ, first" in done.stdout
    assert "show a leak: labels end by the training day" in done.stderr


# the noise


@pytest.fixture(scope="module")
def other(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Store, Future]:
    """The store, its twin after DAY, and the future that was drawn."""
    calendar = load_inputs(workspace).calendar
    where = tmp_path_factory.mktemp("twin") / "store"
    write_twin(workspace.store, calendar, DAY, 0, where)
    future = draw_future(workspace.store, workspace.store.read("bars"), calendar, DAY, 0)
    return workspace.store, Store.open(where), future


@pytest.mark.parametrize("name", ["bars", "index_bars"])
def test_bars_up_to_the_day_stay_and_later_ones_differ_in_every_column(
    other: tuple[Store, Store, Future], name: str
) -> None:
    own, twin = other[0].read(name), other[1].read(name)
    past = pl.col("date") <= DAY
    assert own.filter(past).equals(twin.filter(past))
    both = own.filter(~past).join(twin.filter(~past), on=["code", "date"], suffix="_then")
    assert len(both) > 200
    for column in set(TABLES[name].columns) - {"code", "date"}:
        if own[column].null_count() < len(own):
            assert both.select((~pl.col(column).eq_missing(pl.col(f"{column}_then"))).any()).item(), column
    assert both.select((pl.col("close") != pl.col("close_then")).mean()).item() > 0.99


def test_every_trading_day_still_has_bars(other: tuple[Store, Store, Future]) -> None:
    own, twin = (store.read("bars")["date"].unique().sort() for store in other[:2])
    assert own.is_in(twin.implode()).all()


def test_stocks_leave_fall_silent_and_come(other: tuple[Store, Store, Future]) -> None:
    own, twin, future = other
    later = twin.read("bars").filter(pl.col("date") > DAY)
    ends = later.group_by("code").agg(pl.col("date").max())
    for code, end in future.leaving.items():
        assert end > future.announced
        assert (ends.filter(pl.col("code") == code)["date"] < end).all()
        listed = twin.read("listings").filter(pl.col("code") == code, pl.col("end") > DAY)
        assert listed["end"].to_list() == [end]
    assert not later["code"].is_in(list(future.silent)).any()
    assert set(future.coming) & set(own.read("bars")["code"]) == set()
    assert set(future.coming) & set(later["code"])


def test_no_true_later_end_or_beginning_is_left(other: tuple[Store, Store, Future]) -> None:
    own, twin, future = other
    for name, of in SPANS.items():
        key = list(of.key)
        before, after = own.read(name), twin.read(name)
        known = pl.col("start") <= DAY
        ended = pl.col("end") <= (future.announced if name == "listings" else DAY)
        assert before.filter(known, ended).equals(after.filter(known, ended)), name
        assert before.filter(known).select(*key, "start").equals(after.filter(known).select(*key, "start")), (
            name
        )
        ahead = before.filter(pl.col("end") > future.announced).join(
            after, on=[*key, "start", "end"], how="inner"
        )
        assert len(ahead) <= 1 + len(before) // 50, name


def test_every_name_in_the_list_of_securities_is_another(other: tuple[Store, Store, Future]) -> None:
    own, twin = (store.read("securities") for store in other[:2])
    both = own.join(twin, on="code", suffix="_then")
    assert len(both) == len(own)
    assert (both["name"] != both["name_then"]).all()
    assert both["name_then"].str.contains("ST").any()


def test_a_later_change_of_code_moves_and_an_earlier_one_stays(other: tuple[Store, Store, Future]) -> None:
    early, late = date(2019, 1, 4), date(2019, 5, 6)
    frame = pl.DataFrame(
        {"old": ["000001.SZ", "000002.SZ"], "code": ["000003.SZ", "000004.SZ"], "date": [early, late]}
    )
    made = {row[0]: row[2] for row in scrambled("code_changes", frame, other[2])[0].iter_rows()}
    assert made.pop("000001.SZ") == early
    assert made.pop("000002.SZ") > late
    assert set(made) <= set(other[2].coming)


def test_the_last_day_gets_a_future_too(workspace: Workspace) -> None:
    inputs = load_inputs(workspace)
    bars = workspace.store.read("bars")
    last = inputs.market.dates[-1].item()
    future = draw_future(workspace.store, bars, inputs.calendar, last, 0)
    frame, touched = scrambled("bars", bars, future)
    assert touched > 0
    assert frame.filter(pl.col("date") <= last).equals(bars)
    assert frame["date"].max() > last + timedelta(days=20)


def test_every_table_of_the_market_is_scrambled(other: tuple[Store, Store, Future]) -> None:
    own, _, future = other
    for name in TABLES.keys() - BOOKKEEPING - {"calendar"}:
        frame = own.read(name)
        made, touched = scrambled(name, frame, future)
        assert touched > 0, name
        assert made.columns == frame.columns
        assert made.select(TABLES[name].key).is_duplicated().sum() == 0, name


def test_the_same_seed_gives_the_same_noise_and_another_seed_another(
    workspace: Workspace, other: tuple[Store, Store, Future]
) -> None:
    bars, future, calendar = other[0].read("bars"), other[2], load_inputs(workspace).calendar
    first, second = (scrambled(BARS.name, bars, future)[0] for _ in range(2))
    assert first.equals(second)
    assert not first.equals(scrambled(BARS.name, bars, replace(future, seed=1))[0])
    assert draw_future(other[0], bars, calendar, DAY, 0) == future
    drawn = draw_future(other[0], bars, calendar, DAY, 1)
    assert drawn.leaving != future.leaving
    assert drawn.silent != future.silent


# shuffled labels and spans


def test_labels_are_shuffled_within_a_date_and_gaps_stay() -> None:
    label = np.array([np.nan, *np.arange(50.0)])
    sample = Sample(np.datetime64("2019-01-04"), torch.zeros(51, 2, 1), label, np.arange(51).astype(str))
    data = with_shuffled_labels(FoldData((sample,), (sample,), ()), np.random.default_rng(0))
    for made in (*data.train, *data.valid):
        assert np.isnan(made.label_N[0])
        assert sorted(made.label_N[1:]) == sorted(label[1:])
        assert (made.label_N[1:] != label[1:]).sum() > 40


def test_the_band_holds_chance_and_nothing_more() -> None:
    random = np.random.default_rng(3)
    pairs = [(random.normal(size=200), random.normal(size=200)) for _ in range(6)]
    spread = chance_spread(pairs, random)
    assert spread == pytest.approx(1 / np.sqrt(6 * 199), rel=0.1)
    assert abs(mean_ic(pairs)) < band(spread, 1) < band(spread, 8)
    seen = [(x, y + 0.3 * x) for x, y in pairs]
    assert mean_ic(seen) > band(spread, 8)


def test_the_reach_of_a_label_is_measured_on_the_labels(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = load_inputs(workspace)
    assert measured_reach(inputs) == 21
    original = study_inputs.build_labels
    monkeypatch.setattr(study_inputs, "build_labels", lambda m, s: np.roll(original(m, s), -2, axis=0))
    assert measured_reach(inputs) == 23


@pytest.mark.parametrize(
    ("train", "valid", "purged", "broken"),
    [
        ([0, 5], [30, 35], [10, 15, 20, 25], []),
        ([0, 5, 60, 65], [30, 35], [10, 15, 20, 25, 40, 45, 50, 55], []),  # a block in the middle
        ([0, 9], [30, 35], [], ["no training label meets a validation label"]),
        ([0, 5, 50], [30], [], ["no training label meets a validation label"]),
        ([0, 5], [30, 80], [], ["labels end by the training day"]),
        ([0, 5], [30, 35], [5], ["purged dates are absent"]),
    ],
)
def test_spans_that_meet_end_late_or_come_back_are_told(
    workspace: Workspace, train: list[int], valid: list[int], purged: list[int], broken: list[str]
) -> None:
    inputs = load_inputs(workspace)
    day = inputs.market.dates[100]
    own = FoldSpans(Fold(day, day, day), 100, np.array(train), np.array(valid), np.array(purged, dtype=int))
    checks = span_checks(inputs, [own], 21, "made up")
    assert [check.name for check in checks if check.verdict == "LEAK"] == broken


def test_the_audit_names_no_leak() -> None:
    text = "\n".join(path.read_text() for path in Path(audit_room.__file__).parent.glob("*.py"))
    assert "planted" not in text
    assert "monkeypatch" not in text
