"""The seven-year study's tables keep the rows of studies that another machine ran, and compare month with month."""

import importlib
import json
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

SCRIPTS = Path(__file__).parents[2] / "studies/published"
HEAD = ["rank IC, %", "2019"]
MAIN, GRU = "GAN_GRU, published form", "plain GRU"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("written")


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("changed")


def made(*titles: str) -> list[SimpleNamespace]:
    return [SimpleNamespace(title=title) for title in titles]


def test_rows_of_others_stay_in_their_order(written: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    written.write_table(path, HEAD, [["published", "11.73"], [MAIN, "4.91"], [f"{GRU}: t to t", "5.29"]])
    new = [["published", "11.73"], [f"{GRU}, seed 1", "6.00"]]
    kept = written.with_kept(path, HEAD, new, made(f"{GRU}, seed 1"))
    assert kept == [
        ["published", "11.73"],
        [MAIN, "4.91"],
        [f"{GRU}: t to t", "5.29"],
        [f"{GRU}, seed 1", "6.00"],
    ]


def test_a_study_that_was_run_again_replaces_all_its_rows(written: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    written.write_table(
        path, HEAD, [[MAIN, "4.91"], [f"{GRU}: t to t", "5.29"], [f"{GRU}: from t + 1", "5.37"]]
    )
    kept = written.with_kept(path, HEAD, [[f"{GRU}: t to t", "5.30"]], made(GRU))
    assert kept == [[MAIN, "4.91"], [f"{GRU}: t to t", "5.30"]]


def test_rows_of_other_columns_are_not_mixed(written: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    written.write_table(path, ["rank IC, %", "2018"], [[MAIN, "4.91"]])
    with pytest.raises(ValueError, match="2018"):
        written.with_kept(path, HEAD, [[GRU, "5.29"]], made(GRU))


def test_one_thing_changed_is_compared_in_the_months_of_both(
    written: ModuleType, changed: ModuleType, tmp_path: Path
) -> None:
    def study(name: str, ranks: dict[str, float | None]) -> None:
        rows = [
            {"month": month, "rank_ic": ic, "ic": ic, "excess_return": ic, "ic_t_to_t": ic}
            | {"rank_ic_t_to_t": ic, "turnover": None}
            for month, ic in ranks.items()
        ]
        (tmp_path / name).mkdir()
        (tmp_path / name / "evaluation.json").write_text(json.dumps({"series": rows}))

    study("gru-full", {"2019-02": 0.05, "2019-03": 0.07, "2019-04": None, "2019-05": 0.01})
    study("gru", {"2019-02": 0.04, "2019-03": 0.04, "2019-04": 0.5})
    head, rows = changed.changed(tmp_path, {})
    assert [row[:5] for row in rows] == [["plain GRU, trained on all stocks", "2", "6.00", "4.00", "2.00"]]
    assert len(head) == len(rows[0])

    # Without the base's own run its written series serves.
    whole = json.loads((tmp_path / "gru/evaluation.json").read_text())
    written.write_monthly(tmp_path / "monthly.csv", [SimpleNamespace(title=GRU, whole=whole)])
    (tmp_path / "gru/evaluation.json").unlink()
    assert changed.changed(tmp_path, written.read_monthly(tmp_path / "monthly.csv"))[1] == rows


def test_a_seed_of_the_gan_is_paired_with_the_same_seed_of_the_plain_gru(changed: ModuleType) -> None:
    monthly = {
        "GAN_GRU, seed 1": {m: {"rank_ic": ic} for m, ic in zip("abc", (0.01, 0.05, 0.03), strict=True)},
        "plain GRU, seed 1": {m: {"rank_ic": ic} for m, ic in zip("abd", (0.04, 0.04, 0.9), strict=True)},
        MAIN: {"a": {"rank_ic": 0.5}},
    }
    _, rows = changed.same_seed(monthly)
    assert [row[:3] + row[4:] for row in rows] == [["GAN_GRU, seed 1", "2", "-1.00", "50"]]


def test_a_study_under_way_is_read_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    reading = importlib.import_module("reading")
    assert reading.read_evaluated(tmp_path, "ae") is None
    (tmp_path / "ae" / "2018-12-31").mkdir(parents=True)
    (tmp_path / "ae" / "evaluation.json").write_text('{"series": []}')
    (tmp_path / "ae" / "2018-12-31" / "metrics.json").write_text('{"epochs": 3}')
    begun = reading.read_evaluated(tmp_path, "ae")
    assert (begun.title, begun.cut, begun.folds) == ("AE_GRU", {}, {"2018-12-31": {"epochs": 3}})
    assert reading.read_study(tmp_path, "ae") is None
    (tmp_path / "ae" / "cut.json").write_text('{"series": [1]}')
    assert reading.read_study(tmp_path, "ae").cut == {"series": [1]}


def test_figures_of_a_study_under_way_have_tables_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    tables = importlib.import_module("tables")
    names = [
        "ic_mean",
        "ic_low",
        "ic_high",
        "icir",
        "ic_t",
        "annual_excess",
        "net_annual_excess",
        "net_information_ratio",
    ]
    head = dict.fromkeys([*names, "net_max_drawdown", "turnover"], 0.5) | {"months": 2}
    series = [{"month": "2019-02", "rank_ic": 0.04}, {"month": "2020-01", "rank_ic": 0.06}]
    whole = dict.fromkeys(("headline", "headline_pearson", "headline_raw"), head) | {"series": series}
    found = tables.under_way([SimpleNamespace(title="AE_GRU", whole=whole)])
    columns, rows = found["under_way"]
    assert dict(zip(columns, rows[0], strict=True))["months"] == "2"
    assert found["under_way_by_year"] == (
        ["under way: rank IC, %", "2019", "2020"],
        [["AE_GRU", "4.00", "6.00"]],
    )
    assert tables.under_way([])["under_way"][1] == []
