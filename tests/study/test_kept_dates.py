"""A date of the factor that is kept is the bytes that making it anew would give; whatever it depends on undoes that."""

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from test_leaks import SPLIT, late_stocks, noise_after

from gangru.factor.dates import factor_rows
from gangru.market.schema import TABLES
from gangru.study import kept_dates, stages
from gangru.study.factor_table import FactorTable
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.workspace import Workspace, open_workspace
from small import small_workspace

BARS = TABLES["bars"]
LAST_BEFORE = date(2019, 7, 19)  # six factor dates lie before it, two after
FILES = ("factor.parquet", "drops.parquet", "factor_seeds.parquet")


@pytest.fixture(scope="module")
def month_before(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace of two folds and two seeds with its factor, as it stood on LAST_BEFORE; later bars are beside it."""
    root = tmp_path_factory.mktemp("kept") / "ws"
    workspace = small_workspace(root, training__seeds=2)
    bars = workspace.store.read("bars")
    bars.write_parquet(root / "all_bars.parquet")
    workspace.store.replace(BARS, bars.filter(pl.col("date") <= LAST_BEFORE))
    inputs = load_inputs(workspace)
    stages.train(inputs, lambda job, tick: None)
    stages.make_factor(inputs, lambda name, done, total: None)
    return workspace


@pytest.fixture
def workspace(month_before: Workspace, tmp_path: Path) -> Workspace:
    """A copy of it to be changed."""
    shutil.copytree(month_before.root, tmp_path / "ws")
    return open_workspace(tmp_path / "ws")


def with_later_bars(workspace: Workspace) -> None:
    """Let the later bars arrive."""
    workspace.store.upsert(BARS, pl.read_parquet(workspace.root / "all_bars.parquet"))


def made(workspace: Workspace, *, keep: bool = True) -> tuple[FactorTable, list[str]]:
    """The factor made now, and the dates that were made for it."""
    steps: list[str] = []
    factor = stages.make_factor(
        load_inputs(workspace), lambda name, done, total: steps.append(name), keep=keep
    )
    return factor, steps


def anew(workspace: Workspace) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The bytes of the factor's files as they are, and as they are once every date was made again."""
    kept = {name: (workspace.runs / name).read_bytes() for name in (*FILES, "factor.json")}
    _, steps = made(workspace, keep=False)
    assert len(steps) == pl.read_parquet(workspace.factor_path)["date"].n_unique()
    return kept, {name: (workspace.runs / name).read_bytes() for name in kept}


def change_bar(workspace: Workspace, day: date) -> None:
    """Correct the volume of one stock that is in the universe on a day."""
    bars = workspace.store.read("bars", start=day, end=day)
    inputs = load_inputs(workspace)
    eligible = inputs.market.codes[inputs.universe.eligible[inputs.market.date_index(np.datetime64(day))]]
    one = bars.filter(pl.col("code") == str(eligible[0]))
    assert len(one) == 1
    workspace.store.upsert(BARS, one.with_columns(pl.col("volume") * 2))


def factor_dates(inputs: Inputs) -> list[tuple[str, int]]:
    """The factor dates of the store with their rows."""
    rows = factor_rows(inputs.market.dates, inputs.calendar, "month_end")
    return [(str(inputs.market.dates[row]), int(row)) for row in rows]


def test_after_a_month_only_its_date_is_made_and_all_bytes_are_those_of_making_every_date(
    workspace: Workspace,
) -> None:
    with_later_bars(workspace)
    factor, steps = made(workspace)
    assert steps == ["2019-07-31", "2019-08-30"]
    assert factor.kept == 6
    kept, again = anew(workspace)
    assert kept == again


def test_nothing_is_made_where_nothing_is_new(workspace: Workspace) -> None:
    before = {name: (workspace.runs / name).read_bytes() for name in FILES}
    factor, steps = made(workspace)
    assert steps == []
    assert factor.kept == 6
    assert {name: (workspace.runs / name).read_bytes() for name in FILES} == before


def test_a_corrected_bar_undoes_the_dates_whose_windows_hold_it_and_no_other(workspace: Workspace) -> None:
    day = date(2019, 3, 15)
    change_bar(workspace, day)
    _, steps = made(workspace)
    inputs = load_inputs(workspace)
    corrected, reach = inputs.market.date_index(np.datetime64(day)), 41  # a reversal looks 40 days back
    seen = [name for name, row in factor_dates(inputs) if corrected <= row < corrected + reach]
    assert steps == seen == ["2019-03-29", "2019-04-30"]
    kept, again = anew(workspace)
    assert kept == again


def test_another_future_changes_no_digest_of_the_past(workspace: Workspace) -> None:
    bars = pl.read_parquet(workspace.root / "all_bars.parquet")
    begun = ~late_stocks(bars) | (pl.col("date") > SPLIT)  # the other future lacks factors that begin in it
    workspace.store.replace(BARS, bars.with_columns(factor=pl.when(begun).then("factor")))
    before = digests(workspace)
    random = np.random.default_rng(3)
    for name, table in TABLES.items():
        frame = workspace.store.read(name)
        if len(frame):
            workspace.store.replace(table, noise_after(name, frame, random))
    after = digests(workspace)
    past = [name for name in before if name <= str(SPLIT)]
    assert len(past) == 6
    assert [before[name] for name in past] == [after[name] for name in past]
    assert all(before[name] != after[name] for name in before if name > str(SPLIT))


def digests(workspace: Workspace) -> dict[str, str]:
    """The digest of each date as the store and the nets are now."""
    inputs = load_inputs(workspace)
    return kept_dates.date_digests(inputs, stages.served_dates(inputs), {})


def test_other_nets_undo_the_dates_of_their_fold(workspace: Workspace) -> None:
    net = workspace.runs / "2018-12-31" / "seed-1" / "predictor.safetensors"
    net.write_bytes((workspace.runs / "2018-12-31" / "predictor.safetensors").read_bytes())
    _, steps = made(workspace)
    assert steps == [f"2019-{month}" for month in ("01-31", "02-28", "03-29", "04-30", "05-31", "06-28")]


def test_another_setting_undoes_all(workspace: Workspace) -> None:
    path = workspace.root / "study.toml"
    path.write_text(path.read_text("utf-8").replace("clip_mad = 3.0", "clip_mad = 2.5"), encoding="utf-8")
    _, steps = made(open_workspace(workspace.root))
    assert len(steps) == 6


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_not_those_written_with_the_digests_are_not_kept(
    workspace: Workspace, name: str
) -> None:
    path = workspace.runs / name
    table = pl.read_parquet(path)
    table.with_columns(pl.all().shift(1).fill_null(strategy="backward")).write_parquet(path)
    _, steps = made(workspace)
    assert len(steps) == 6
    kept, again = anew(workspace)
    assert kept == again


@pytest.mark.parametrize("text", ["", "[]", '{"dates": {"2019-01-31": "0"}}'])
def test_a_record_without_digests_keeps_nothing(workspace: Workspace, text: str) -> None:
    (workspace.runs / "factor.json").write_text(text, encoding="utf-8")
    _, steps = made(workspace)
    assert len(steps) == 6


def test_other_code_keeps_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_dates, "making", lambda: {"source": "of another gangru"})
    _, steps = made(workspace)
    assert len(steps) == 6
