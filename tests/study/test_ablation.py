"""The ablation on a small market: every variant measured as `evaluate` measures it, nothing trained twice."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from gangru.cli import screen
from gangru.cli.ablate import parsed_variant
from gangru.cli.app import app
from gangru.errors import EvaluationError, SettingsError
from gangru.evaluation.significance import newey_west_t
from gangru.study import ablation as ablation_module
from gangru.study import stages
from gangru.study.ablation import Studied, Watch, compared, run_ablation
from gangru.study.ablation_document import ablation_document, ablation_markdown
from gangru.study.ablation_plan import Plan, base_settings, planned_trials
from gangru.study.ablation_result import Ablation
from gangru.study.inputs import load_inputs
from gangru.study.variants import PRESETS, Variant, chosen_variants
from gangru.study.workspace import open_workspace
from gangru.training.loop import Tick
from small import small_workspace

FOLDS = ("2018-12-31", "2019-12-31")
NAMES = tuple(variant.name for variant in PRESETS)
MORE = Variant("wide", "a generator of another width", {"gan.generator_hidden": 4})
PLAN = Plan(chosen_variants(NAMES, (MORE,)), seeds=2, folds=FOLDS)
FEW = {"predictor.lightgbm_max_rounds": 5, "predictor.lightgbm_min_leaf": 20}
STUDIES = [f"ablate-{name}" for name in ("gru", "gru-s1", "gan", "gan-s1", *NAMES[2:], "wide")]


class StoppedError(Exception):
    """Stands for a kill after an epoch."""


class Watcher:
    """Remembers what was trained; stops after the given number of epochs."""

    def __init__(self, stop_after: int = -1) -> None:
        self.trials: list[str] = []
        self.ticks: list[tuple[str, str, int]] = []
        self.stop_after = stop_after

    def watch(self) -> Watch:
        return Watch(lambda trial, i, n: self.trials.append(trial.study), self.tick, lambda *_: None)

    def tick(self, job: object, tick: Tick) -> None:
        self.ticks.append((self.trials[-1], tick.phase, tick.epoch))
        if len(self.ticks) == self.stop_after:
            raise StoppedError


def small(root: Path) -> Path:
    few = {name.replace(".", "__"): value for name, value in FEW.items()}
    small_workspace(root, simulate__last="2020-08-31", simulate__stocks=60, **few)
    return root


def document(root: Path, made: Ablation, plan: Plan = PLAN) -> dict[str, object]:
    return ablation_document(made, plan, base_settings(root, plan), "gangru ablate")


def files(root: Path) -> dict[Path, tuple[bytes, int]]:
    paths = sorted(p for p in (root / "runs").rglob("*") if p.is_file() and p.name != "ablation.json")
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in paths}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ablation, Watcher]:
    """A workspace after an ablation of everything, and what it came to."""
    root = small(tmp_path_factory.mktemp("ablation") / "ws")
    watcher = Watcher()
    return root, run_ablation(root, PLAN, watcher.watch()), watcher


def test_every_variant_and_seed_is_a_study_with_its_own_trainings(done) -> None:
    root, made, watcher = done
    assert watcher.trials == STUDIES
    for study in STUDIES:
        assert [p.parent.name for p in sorted((root / "runs" / study).glob("*/DONE"))] == list(FOLDS)
    kinds = {s: open_workspace(root, s).settings for s in STUDIES}
    assert kinds["ablate-gru-s1"].training.seed == 1
    assert [kinds[f"ablate-{n}"].features.generator for n in NAMES] == [
        "none",
        "gan",
        "untrained",
        "ae",
        "none",
        "none",
    ]
    assert kinds["ablate-wide"].gan.generator_hidden == 4
    assert [line.variant.name for line in made.variants] == [*NAMES, "wide"]
    assert made.skipped == ()


def test_the_figures_are_those_of_each_studys_evaluation(done) -> None:
    root, made, _ = done
    for line in made.variants:
        documents = [json.loads((root / "runs" / s / "evaluation.json").read_text()) for s in line.studies]
        heads = [d["headline"] for d in documents]
        assert line.rank_ic == pytest.approx(np.mean([h["ic_mean"] for h in heads]), abs=1e-15)
        assert line.raw_rank_ic == pytest.approx(
            np.mean([d["headline_raw"]["ic_mean"] for d in documents]), abs=1e-15
        )
        assert line.long_excess == pytest.approx(np.mean([h["annual_excess"] for h in heads]), abs=1e-15)
        spreads = [d["deciles"][-1]["monthly_return"] - d["deciles"][0]["monthly_return"] for d in documents]
        assert line.decile_spread == pytest.approx(np.mean(spreads), abs=1e-15)
        by_month = [
            {r["month"]: r["rank_ic"] for r in d["series"] if r["rank_ic"] is not None} for d in documents
        ]
        assert all(tuple(own) == made.months for own in by_month)
        assert line.monthly == pytest.approx(
            [np.mean([own[m] for own in by_month]) for m in made.months], abs=1e-15
        )
        if len(heads) == 1:
            assert (line.icir, line.t) == (heads[0]["icir"], heads[0]["ic_t"])
            assert line.seed_spread is None
        else:
            assert line.seed_spread == pytest.approx(abs(heads[0]["ic_mean"] - heads[1]["ic_mean"]) / 2**0.5)
        assert line.months == heads[0]["months"] == 12


def test_differences_are_paired_and_folds_are_means_of_their_months(done) -> None:
    _, made, _ = done
    lines = {line.variant.name: line for line in made.variants}
    gan, gru = (np.array(lines[name].monthly) for name in ("gan", "gru"))
    found = {one.variant: one for one in made.differences}
    assert set(found) == {*NAMES, "wide"} - {"gru"}
    assert found["gan"].mean == pytest.approx((gan - gru).mean())
    assert found["gan"].t == pytest.approx(newey_west_t(gan - gru))
    assert found["gan"].positive == pytest.approx((gan > gru).mean())
    served = {FOLDS[0]: [f"2019-0{m}" for m in range(2, 8)], FOLDS[1]: [f"2020-0{m}" for m in range(2, 8)]}
    assert made.months == tuple(month for months in served.values() for month in months)
    for fold, months in served.items():
        rows = [made.months.index(month) for month in months]
        assert lines["gru"].by_fold[fold] == pytest.approx(gru[rows].mean())


def test_the_generators_state_is_that_of_the_metrics(done) -> None:
    root, made, _ = done
    lines = {line.variant.name: line for line in made.variants}
    assert [len(lines[n].health) for n in (*NAMES, "wide")] == [0, 4, 0, 2, 0, 0, 2]
    one = lines["gan"].health[0]
    run = root / "runs" / one.study / one.fold
    gan = json.loads((run / "metrics.json").read_text())["gan"]
    assert (one.correlation, one.dispersion_ratio) == (
        gan["at_best"]["correlation"],
        gan["at_best"]["dispersion_ratio"],
    )
    assert lines["gan"].collapsed == sum(h.collapsed for h in lines["gan"].health)
    assert lines["ae"].health[0].d_loss is None


def test_a_second_run_trains_nothing_and_changes_no_byte(done) -> None:
    root, made, _ = done
    before, watcher = files(root), Watcher()
    kept = {p: content for p, (content, _) in before.items()}
    again = run_ablation(root, PLAN, watcher.watch())
    assert watcher.ticks == []
    assert {p: content for p, (content, _) in files(root).items()} == kept
    assert document(root, again) == document(root, made)


def test_a_run_that_is_killed_and_goes_on_gives_the_same_table(done, tmp_path: Path) -> None:
    whole_root, _, whole = done
    plan = Plan(chosen_variants(("gru", "gan")), folds=FOLDS)
    made = run_ablation(whole_root, plan, Watcher().watch())
    ticks = [tick for tick in whole.ticks if tick[0] in ("ablate-gru", "ablate-gan")]
    stop = ticks.index(("ablate-gan", "gan", 1))
    root = small(tmp_path / "ws")
    with pytest.raises(StoppedError):
        run_ablation(root, plan, Watcher(stop + 1).watch())
    watcher = Watcher()
    after = run_ablation(root, plan, watcher.watch())
    assert watcher.ticks == ticks[stop + 1 :]
    assert [replace(line, minutes=0.0) for line in after.variants] == [
        replace(line, minutes=0.0) for line in made.variants
    ]
    assert after.differences == made.differences


def test_without_training_what_is_trained_is_compared_and_nothing_else_is_written(done) -> None:
    root, made, _ = done
    before = files(root)
    free = Plan(chosen_variants(("gru", "reversal"), (MORE,)))
    lines = [line for line in made.variants if line.variant.name in ("reversal", "wide")]
    looked = run_ablation(root, free, Watcher().watch(), train=False)
    assert list(looked.variants[1:]) == lines
    flag = root / "runs" / "ablate-wide" / FOLDS[1] / "DONE"
    flag.unlink()
    try:
        part = run_ablation(root, free, Watcher().watch(), train=False)
        asked = run_ablation(root, replace(free, folds=FOLDS), Watcher().watch(), train=False)
    finally:
        flag.write_text("")
    assert part.folds == FOLDS[:1]
    assert part.months == made.months[:6]
    assert part.variants[1].by_fold[FOLDS[0]] == pytest.approx(lines[0].by_fold[FOLDS[0]])
    assert [(s.study, s.reason) for s in asked.skipped] == [("ablate-wide", "not trained: 2019-12-31")]
    after = files(root)
    assert {p: content for p, (content, _) in after.items()} == {
        p: content for p, (content, _) in before.items()
    }


def test_nothing_after_the_last_month_asked_for_is_looked_at(done) -> None:
    root, made, _ = done
    until = replace(PLAN, until="2019-05")
    part = run_ablation(root, until, Watcher().watch())
    assert part.months == made.months[:4]
    assert part.variants[0].monthly == pytest.approx(made.variants[0].monthly[:4])
    whole = json.loads((root / "runs" / "ablate-gru" / "evaluation.json").read_text())
    assert whole["last_month"] == "2020-07"  # an evaluation cut short is not kept in place of the whole


def test_months_that_one_variant_lacks_are_left_out_for_all(done) -> None:
    root, made, _ = done
    market = load_inputs(open_workspace(root, "ablate-gru"))
    plan = Plan(chosen_variants(("gru", "reversal")), folds=FOLDS)
    studied = []
    for planned in planned_trials(root, plan):
        workspace = open_workspace(root, planned.trial.study)
        factor = stages.read_factor(workspace)
        if planned.trial.study == "ablate-reversal":
            factor = replace(
                factor, table=factor.table.filter(pl.col("date").dt.strftime("%Y-%m") != "2019-03")
            )
        studied.append(Studied(planned, workspace, factor, stages.evaluate(market.of(workspace), factor)))
    both = compared(plan, studied, [], market)
    assert both.months == tuple(month for month in made.months if month != "2019-04")
    assert [line.months for line in both.variants] == [11, 11]
    gru = made.variants[0]
    first_seed = json.loads((root / "runs" / "ablate-gru" / "evaluation.json").read_text())["series"]
    kept = [row["rank_ic"] for row in first_seed if row["month"] in both.months]
    assert both.variants[0].rank_ic == pytest.approx(np.mean(kept))
    assert gru.months == 12
    assert any("2019-04" in note for note in both.notes)


def test_a_study_begun_by_hand_is_gone_on_with(tmp_path: Path) -> None:
    root = small(tmp_path / "ws")
    by_hand = {
        "training.validation_stocks_per_date": 20, "features.generator": "none", "training.seed": 1,
        "training.first": FOLDS[0], "training.last": FOLDS[0],
    }  # fmt: skip
    stages.train(load_inputs(open_workspace(root, "ablate-gru-s1", by_hand)), lambda *_: None)
    before = files(root)
    plan = Plan(chosen_variants(("gru",)), seeds=2, folds=FOLDS)
    with pytest.raises(
        SettingsError, match=r"remembers training\.validation_stocks_per_date = 20, .* have 0: give all"
    ):
        run_ablation(root, plan, Watcher().watch())
    watcher = Watcher()
    made = run_ablation(
        root, replace(plan, changes={"training.validation_stocks_per_date": 20}), watcher.watch()
    )
    after = files(root)
    assert all(after[path] == before[path] for path in before)
    assert [study for study, _, epoch in watcher.ticks if epoch == 1] == [
        "ablate-gru",
        "ablate-gru",
        "ablate-gru-s1",
    ]
    assert made.folds == FOLDS


def test_chosen_trainings_are_taken_whatever_span_the_study_has(done) -> None:
    root, _, _ = done
    before = (root / "study.toml").read_text()
    (root / "study.toml").write_text(before.replace('last = ""', 'last = "2018-12-31"'))
    try:
        assert 'last = "2018-12-31"' in (root / "study.toml").read_text()
        made = run_ablation(root, Plan(chosen_variants(("reversal",)), folds=FOLDS), Watcher().watch())
    finally:
        (root / "study.toml").write_text(before)
    assert made.folds == FOLDS


def test_without_lightgbm_its_variant_is_left_out_with_the_reason(
    done, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, _, _ = done
    monkeypatch.setattr(ablation_module, "find_spec", lambda name: None)
    made = run_ablation(root, Plan(chosen_variants(("lightgbm", "reversal")), folds=FOLDS), Watcher().watch())
    assert [line.variant.name for line in made.variants] == ["reversal"]
    assert "pip install 'gangru[lightgbm]'" in made.skipped[0].reason
    with pytest.raises(EvaluationError, match="no variant can be compared"):
        run_ablation(root, Plan(chosen_variants(("lightgbm",)), folds=FOLDS), Watcher().watch())


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that folds no table."""
    monkeypatch.setattr(screen, "out", screen.Screen(highlight=False, width=200))
    monkeypatch.setattr(screen, "err", screen.Screen(stderr=True, highlight=False, width=200))


def test_the_command_prints_within_eighty_columns_and_keeps_json_and_markdown(
    done, tmp_path: Path, wide
) -> None:
    root, made, _ = done
    page = tmp_path / "table.md"
    words = ["ablate", "-C", str(root), "--seeds", "2", "--folds", ",".join(FOLDS), "--markdown", str(page)]
    words += ["--with", "wide: gan.generator_hidden=4"]
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 0, told.output
    tables = [line for line in told.stdout.splitlines()[1:] if not line.startswith("note: ")]
    assert max(map(len, tables)) <= 80, max(tables, key=len)
    assert any(line.startswith("untrained ") for line in tables)
    kept = json.loads((root / "runs" / "ablation.json").read_text())
    assert kept["schema_version"] == 1
    assert [v["name"] for v in kept["variants"]] == [*NAMES, "wide"]
    assert kept["variants"][1]["rank_ic"] == made.variants[1].rank_ic
    assert kept["data_versions"]["bars"] is not None
    assert str(root) not in kept["command"]
    assert "--seeds 2" in kept["command"]
    text = page.read_text()
    assert f"{100 * made.variants[0].rank_ic:.2f}" in text
    assert "| 2019-02 |" in text
    printed = CliRunner().invoke(app, [*words, "--json", "--no-train"])
    assert json.loads(printed.stdout)["months"] == list(made.months)


def test_the_page_says_what_was_left_out_and_how_it_was_made(done) -> None:
    root, made, _ = done
    text = ablation_markdown(made, document(root, made))
    assert "12 of 18 return months, 2019-02 to 2020-07" in text
    assert "(2019-08 to 2020-01)" in text
    assert "`gangru ablate`" in text


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: chosen_variants(("gru", "gna")), "no variant 'gna': there are gru, gan"),
        (lambda: chosen_variants(("gru",), (Variant("gru", "", {"gan.z": "noise"}),)), "'gru' is there twice"),
        (lambda: chosen_variants(("gru",), (Variant("GRU", "", {"gan.z": "noise"}),)), "'GRU' is there twice"),
        (lambda: chosen_variants(()), "no variant to compare"),
        (lambda: Variant("a b", "", {"gan.z": "noise"}), "expected letters"),
        (lambda: Variant("gru-s1", "", {"gan.z": "noise"}), "names a seed"),
        (lambda: Variant("x", "", {}), "changes no setting"),
        (lambda: Plan((MORE,), seeds=0), "seeds = 0"),
        (lambda: Plan((MORE,), seeded=("gna",)), "no variant 'gna' to give"),
        (lambda: Plan((Variant("x", "", {"portfolio.fraction": 0.2}),)), "the same for all variants"),
        (lambda: Plan((Variant("x", "", {"training.folds": ["2018-12-31"]}),)), "the same for all variants"),
    ],
)  # fmt: skip
def test_a_plan_that_is_none_is_refused(make, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        make()


def test_a_last_month_that_is_none_is_refused_before_anything_is_trained() -> None:
    with pytest.raises(EvaluationError, match="expected a month"):
        Plan((MORE,), until="2021")


def test_a_variant_is_read_from_a_word() -> None:
    made = parsed_variant("recon: gan.reconstruction_weight=10, predictor.mlp=[8, 4],gan.z=noise")
    assert (made.name, dict(made.changes)) == (
        "recon", {"gan.reconstruction_weight": 10, "predictor.mlp": [8, 4], "gan.z": "noise"}
    )  # fmt: skip
    for wrong in ("recon", "recon: x", "recon gan.z=noise"):
        told = CliRunner().invoke(app, ["ablate", "--with", wrong])
        assert told.exit_code == 2
        assert "--with" in told.output
