"""No stage sees the future: noise in place of everything after a day leaves every byte up to that day as it was.

The second market shares the first one's past and nothing else: other prices, volumes, flags, listings, delistings,
names and industries from the day after, and factors that never come. What is compared: universe, windows, labels, training inputs, trained weights,
predictions and factor. Two mutants, a label and a feature shifted by one day, have to be caught by the same comparison.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from gangru.features.windows import windows_of_date
from gangru.market.schema import TABLES
from gangru.study import inputs as study_inputs
from gangru.study import jobs, stages
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.workspace import Workspace, init_workspace, open_workspace
from small import SMALL, small_workspace

SPLIT = date(2019, 6, 28)  # the second fold is trained on this day: its last label ends on it


def late_stocks(bars: pl.DataFrame) -> pl.Expr:
    """Bars of every tenth stock."""
    return pl.col("code").is_in(bars["code"].unique().sort().gather_every(10).implode())


def noise_after(name: str, frame: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """The table with everything after SPLIT replaced by noise."""
    n = len(frame)
    if name == "bars":
        later = pl.col("date") > SPLIT
        scale = pl.Series(np.exp(random.normal(0, 0.3, n)))
        prices = [
            pl.when(later).then(pl.col(c) * scale).otherwise(pl.col(c)).alias(c)
            for c in ("open", "high", "low", "close")
        ]
        others = [
            pl.when(later)
            .then(pl.col(c) * pl.Series(np.exp(random.normal(0, 1, n))))
            .otherwise(pl.col(c))
            .alias(c)
            for c in ("volume", "amount", "float_shares", "factor")
        ]
        st = pl.when(later).then(pl.Series(random.random(n) < 0.3)).otherwise(pl.col("is_st")).alias("is_st")
        noisy = frame.with_columns(*prices, *others, st).with_columns(
            factor=pl.when(~late_stocks(frame)).then("factor")
        )
        codes = frame["code"].unique().sort()
        gone = codes.gather(random.choice(len(codes), 10, replace=False))
        listed = noisy.filter(pl.col("code") == codes[0], later).with_columns(
            pl.lit("688999.SH").alias("code")
        )
        return pl.concat([noisy.filter(~(later & pl.col("code").is_in(gone.implode()))), listed])
    if name == "industry":
        known = frame.filter(pl.col("start") <= SPLIT).with_columns(
            pl.when(pl.col("end") <= SPLIT)
            .then(pl.col("end"))
            .otherwise(SPLIT + timedelta(days=1))
            .alias("end")
        )
        moved = known.filter(pl.col("end") > SPLIT).with_columns(
            pl.lit(SPLIT + timedelta(days=1)).alias("start"),
            pl.lit(None, dtype=pl.Date).alias("end"),
            pl.lit("later class").alias("industry"),
        )
        return pl.concat([known, moved])
    if name == "securities":
        return frame.with_columns(
            (pl.lit("*ST ") + pl.col("name")).alias("name"),
            pl.when(pl.col("delist_date") > SPLIT)
            .then(SPLIT + timedelta(days=8))  # a listing's end is announced before it
            .otherwise(pl.col("delist_date"))
            .alias("delist_date"),
            pl.when(pl.col("list_date") > SPLIT)
            .then(pl.col("list_date") + timedelta(days=3))
            .otherwise(pl.col("list_date"))
            .alias("list_date"),
        )
    if name in ("st", "suspensions", "names", "listings"):
        known = frame.filter(pl.col("start") <= SPLIT)
        other_end = SPLIT + timedelta(days=8 if name == "listings" else 1)
        ended = known.with_columns(
            pl.when(pl.col("end") <= SPLIT).then(pl.col("end")).otherwise(pl.lit(other_end)).alias("end")
        )
        return ended if name != "listings" else pl.concat([ended.head(5), known.tail(-5)])
    return frame


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Workspace]:
    """A workspace in which some factors begin after SPLIT, and its twin whose future is noise and lacks those."""
    first = small_workspace(tmp_path_factory.mktemp("leaks") / "first")
    bars = first.store.read("bars")
    begun = ~late_stocks(bars) | (pl.col("date") > SPLIT)
    first.store.replace(TABLES["bars"], bars.with_columns(factor=pl.when(begun).then("factor")))
    root = tmp_path_factory.mktemp("leaks") / "second"
    init_workspace(root, SMALL)
    second = open_workspace(root)
    random = np.random.default_rng(5)
    for name, table in TABLES.items():
        frame = first.store.read(name)
        if len(frame):
            second.store.upsert(table, noise_after(name, frame, random))
    return first, second


def known_by(inputs: Inputs) -> dict[str, bytes]:
    """Every output that is dated SPLIT or before, as bytes."""
    settings, market = inputs.workspace.settings, inputs.market
    last = market.date_index(np.datetime64(SPLIT))
    known = np.isfinite(market.close[: last + 1]).any(axis=0)
    codes = market.codes[known]
    out = {"codes": codes.tobytes(), "universe": inputs.universe.eligible[: last + 1, known].tobytes()}
    for row in (last - 40, last - 1, last):
        windows = windows_of_date(inputs.panel, row, inputs.universe.eligible[row], settings.features)
        out[f"windows {row}"] = windows.x_NTF.tobytes() + market.codes[windows.stocks].tobytes()
    reach = settings.label.reach
    out["labels"] = inputs.labels[: last + 1 - reach][:, known].tobytes()
    folds = [fold for fold in jobs.folds_of(inputs) if fold.trained_on <= np.datetime64(SPLIT)]
    assert folds[-1].trained_on == np.datetime64(SPLIT)
    for job in jobs.fold_jobs(inputs, folds):
        data = job.load()
        for sample in (*data.train, *data.valid):
            out[f"{job.name} input {sample.date}"] = sample.x_NTF.numpy().tobytes() + sample.label_N.tobytes()
    stages.train(inputs, lambda job, tick: None)
    for fold in folds:
        for net in ("generator", "predictor"):
            path = inputs.workspace.runs / fold.name / f"{net}.safetensors"
            out[f"{fold.name} {net}"] = path.read_bytes()
    table = stages.make_factor(inputs, lambda name, done, total: None).table.filter(pl.col("date") <= SPLIT)
    assert table["date"].n_unique() == 6
    for column in ("pret", "factor"):
        out[column] = table[column].fill_null(9e9).to_numpy().tobytes()
    out["factor rows"] = repr(table.select("date", "code", "fold").rows()).encode()
    return out


def differing(pair: tuple[Workspace, Workspace]) -> list[str]:
    """Names of the outputs up to SPLIT that are not the same bytes in both markets."""
    outputs = []
    for workspace in pair:
        for path in sorted(workspace.runs.glob("*/*")):
            path.unlink()
        outputs.append(known_by(load_inputs(workspace)))
    first, second = outputs
    assert first.keys() == second.keys()
    return [name for name in first if first[name] != second[name]]


def test_the_second_market_has_another_future(pair: tuple[Workspace, Workspace]) -> None:
    later = [w.store.read("bars").filter(pl.col("date") > SPLIT)["close"].sum() for w in pair]
    assert later[0] != pytest.approx(later[1], rel=1e-3)


def test_nothing_up_to_a_day_changes_when_the_future_does(pair: tuple[Workspace, Workspace]) -> None:
    assert differing(pair) == []


def test_a_label_that_ends_a_day_late_is_caught(
    pair: tuple[Workspace, Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = study_inputs.build_labels
    monkeypatch.setattr(
        study_inputs, "build_labels", lambda market, s: np.roll(original(market, s), -1, axis=0)
    )
    found = differing(pair)
    assert "labels" in found
    assert any("input" in name for name in found)


def test_a_feature_of_the_next_day_is_caught(
    pair: tuple[Workspace, Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = study_inputs.build_panel

    def shifted(market: object, features: object) -> object:
        panel = original(market, features)
        panel.values[:] = np.roll(panel.values, -1, axis=0)
        return panel

    monkeypatch.setattr(study_inputs, "build_panel", shifted)
    found = differing(pair)
    assert any(name.startswith("windows") for name in found)
    assert "pret" in found
    assert "factor" in found


def test_no_training_label_ends_after_its_training_day(pair: tuple[Workspace, Workspace]) -> None:
    inputs = load_inputs(pair[0])
    for job in jobs.fold_jobs(inputs, jobs.folds_of(inputs)):
        assert job.manifest["last_label_date"] <= job.manifest["trained_on"]
        assert max(job.manifest["train_dates"]) < min(job.manifest["valid_dates"])


def test_the_same_seed_gives_the_same_factor_byte_for_byte(pair: tuple[Workspace, Workspace]) -> None:
    assert differing((pair[0], pair[0])) == []
