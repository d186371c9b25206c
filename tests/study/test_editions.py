"""Editions of a real small study: issued once, revised, looked back on, verified; later ones never seen."""

import json
import os
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from gangru.cli.app import app
from gangru.errors import EditionError
from gangru.market.schema import BARS
from gangru.study import stages
from gangru.study.editions.archive import issued_editions
from gangru.study.editions.issuing import Published
from gangru.study.editions.verifying import verify
from gangru.study.inputs import load_inputs
from gangru.study.reporting import KEEP, Wish, make_report
from gangru.study.workspace import open_workspace
from small import small_workspace

AT = datetime(2020, 1, 10, 9, tzinfo=UTC)


def gangru(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments])
    return result.exit_code, result.output


def report(root: Path, month: str | None, wish: Wish | None = None) -> Published:
    """The edition of a month of a workspace, its factor made anew."""
    workspace = open_workspace(root)
    inputs = load_inputs(workspace)
    made = stages.make_factor(inputs, lambda *_: None)
    return make_report(inputs, made, month, wish or Wish(), AT)


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def past(root: Path, month: str) -> dict[str, list[list[object]]]:
    """The tables of a report's section on past editions by their key."""
    document = json.loads((root / "reports" / "main" / f"{month}.json").read_text())
    blocks = next(s for s in document["sections"] if s["key"] == "editions")["blocks"]
    return {b["key"]: b["rows"] for b in blocks if b["type"] == "table"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small trained study without a report; months 2019-02 to 2019-07."""
    root = tmp_path_factory.mktemp("editions") / "ws"
    workspace = small_workspace(root, simulate__last="2019-09-30", report__formats=["json", "xlsx"])
    stages.train(load_inputs(workspace), lambda *_: None)
    return root


@pytest.fixture
def root(trained: Path, tmp_path: Path) -> Path:
    """A copy to issue in."""
    return Path(shutil.copytree(trained, tmp_path / "ws"))


def test_an_edition_is_made_of_what_its_record_says(root: Path) -> None:
    published = report(root, "2019-06")
    edition = published.edition
    assert edition is not None
    assert edition.as_of == "2019-07-01"
    assert edition.inputs.data_versions == open_workspace(root).store.market_versions()
    assert [fold["name"] for fold in edition.inputs.folds] == ["2018-12-31"]
    assert set(edition.inputs.folds[0]["files"]) == {
        "manifest.json", "generator.safetensors", "predictor.safetensors"
    }  # fmt: skip
    factor = pl.read_parquet(root / "runs" / "main" / "factor.parquet")
    assert edition.inputs.factor_rows == len(
        factor.filter(pl.col("date") <= date.fromisoformat("2019-06-28"))
    )
    assert edition.inputs.settings["portfolio"]["fraction"] == 0.1
    assert len(edition.picks) >= 5


def test_data_that_come_later_leave_an_issued_edition_the_same(root: Path, tmp_path: Path) -> None:
    """The edition of a store that ends with it, asked for again in one that goes on, is the same edition."""
    younger = Path(shutil.copytree(root, tmp_path / "younger"))
    store = open_workspace(younger).store
    bars = store.read("bars").filter(pl.col("date") <= date(2019, 7, 1))
    shutil.rmtree(younger / "store" / "bars")
    store.upsert(BARS, bars)
    report(younger, "2019-06")
    shutil.copytree(younger / "reports", root / "reports")
    before = files(root / "reports")
    again = report(root, "2019-06")
    assert again.edition is not None
    assert again.edition.revision == 1
    assert files(root / "reports") == before


def test_later_editions_are_never_seen_by_an_older_one(root: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(root, tmp_path / "other"))
    report(root, "2019-03")
    report(root, "2019-07")
    report(root, "2019-05", Wish())
    report(other, "2019-03")
    report(other, "2019-05")
    for name in ("2019-05.json", "2019-05.xlsx"):
        assert (root / "reports/main" / name).read_bytes() == (other / "reports/main" / name).read_bytes()
    assert [row[0] for row in past(root, "2019-05")["past_editions"]] == ["2019-03"]


def test_revised_data_are_told_refused_and_looked_back_on(root: Path) -> None:
    report(root, "2019-03")
    report(root, "2019-04")
    store = open_workspace(root).store
    revised = store.read("bars").filter(
        pl.col("date").is_between(date(2019, 3, 20), date(2019, 3, 29)), pl.col("code") < "300000"
    )
    prices = ["open", "high", "low", "close"]
    store.upsert(BARS, revised.with_columns((pl.col(prices) * 1.3).round(2)))
    before = files(root / "reports")
    with pytest.raises(EditionError) as told:
        report(root, "2019-04")
    assert "with other figures" in str(told.value)
    assert f"{len(revised):,} rows changed or removed" in str(told.value)
    assert files(root / "reports") == before
    published = report(root, "2019-06")
    assert published.edition is not None
    tables = past(root, "2019-06")
    rows = {row[0]: row for row in tables["past_editions"]}
    series = published.edition.month_figures
    assert series is not None
    for edition in issued_editions(root / "reports" / "main", before="2019-06"):
        assert rows[edition.month][3] == edition.rank_ic
    now = json.loads((root / "reports" / "main" / "2019-06.json").read_text())
    assert "would say something else today" in json.dumps(now)
    kinds = {(row[0], row[2], row[3]) for row in tables["past_inputs"]}
    assert ("2019-04", "data", "bars") in kinds
    lists = {row[0]: row for row in tables["past_lists"]}
    assert all(row[7] is not None for row in lists.values())
    drafted = report(root, "2019-04", KEEP)
    assert [path.parent.name for path in drafted.paths] == ["draft", "draft"]
    report(root, "2019-04", Wish(reason="prices of March corrected"))
    assert past(root, "2019-04")["revision"]
    assert verify(root / "reports" / "main")[1] == []


def test_the_list_of_an_old_edition_earned_what_its_stocks_did(root: Path) -> None:
    first = report(root, "2019-03").edition
    assert first is not None
    report(root, "2019-05")
    (row,) = past(root, "2019-05")["past_lists"]
    bars = open_workspace(root).store.read("bars")
    entry, leave = date(2019, 4, 1), date(2019, 5, 6)  # the days after the ends of March and April
    returns = []
    for pick in first.picks:
        stock = bars.filter(pl.col("code") == pick["code"]).sort("date").with_columns(
            worth=pl.col("close") * pl.col("factor").fill_null(1.0)
        )  # fmt: skip
        bought = stock.filter(pl.col("date") == entry)
        held = stock.filter(pl.col("date") <= leave, pl.col("volume") > 0)
        if len(bought) and bought["volume"][0] > 0:
            returns.append(held["worth"][-1] / bought["worth"][0] - 1)
    assert row[2:7] == ["2019-03-29", len(first.picks), len(first.picks), len(first.picks), 1.0]
    assert row[7] == row[8] == pytest.approx(sum(returns) / len(returns), abs=1e-9)


def test_the_commands_issue_list_verify_and_refuse(root: Path) -> None:
    report(root, "2019-06")
    where = ("-C", str(root))
    status, printed = gangru("editions", *where)
    assert status == 0
    assert "2019-06" in printed
    assert "2020-01-10 09:00:00" in printed
    status, printed = gangru("editions", "--verify", *where)
    assert status == 0
    assert "4 files of 1 editions are as they were issued" in printed
    document = json.loads(gangru("editions", "--json", *where)[1])
    (line,) = document["editions"]
    assert (line["month"], line["revision"], line["rank_ic_now"]) == ("2019-06", 1, None)
    assert gangru("evaluate", *where)[0] == 0
    assert "older than the factor" not in gangru("editions", *where)[1]
    os.utime(root / "runs" / "main" / "evaluation.json", (0, 0))
    assert "older than the factor" in " ".join(gangru("editions", *where)[1].split())
    os.utime(root / "runs" / "main" / "evaluation.json")
    (line,) = json.loads(gangru("editions", "--json", *where)[1])["editions"]
    assert line["difference"] == pytest.approx(0, abs=1e-12)
    text = (root / "study.toml").read_text()
    (root / "study.toml").write_text(text.replace("\nfraction = 0.1", "\nfraction = 0.3"))
    assert "fraction = 0.3" in (root / "study.toml").read_text()
    with pytest.raises(EditionError, match=r"portfolio.fraction was 0.1, is 0.3"):
        CliRunner().invoke(app, ["report", "--month", "2019-06", *where], catch_exceptions=False)
    status, printed = gangru("report", "--month", "2019-06", "--draft", *where)
    assert status == 0
    assert "reports/main/draft/2019-06.json" in printed
    assert gangru("report", "--month", "2019-06", "--draft", "--revise", "x", *where)[0] == 2
    status, printed = gangru("report", "--month", "2019-06", "--revise", "three tenths", *where)
    assert status == 0
    assert "three tenths" in gangru("editions", *where)[1]
    changed = root / "reports" / "main" / "issued" / "2019-06" / "001" / "2019-06.json"
    changed.chmod(0o644)
    changed.write_bytes(changed.read_bytes().replace(b"2019", b"2018", 1))
    status, printed = gangru("editions", "--verify", *where)
    assert status == 1
    assert "001/2019-06.json: changed since it was issued" in printed
    status, printed = gangru("editions", "--verify", "--json", *where)
    assert status == 1
    assert json.loads(printed)["faults"][0]["path"] == str(changed)


def test_a_workspace_without_editions_says_so(root: Path) -> None:
    status, printed = gangru("editions", "-C", str(root))
    assert status == 0
    assert "no edition has been issued" in printed
    assert json.loads(gangru("editions", "--json", "--verify", "-C", str(root))[1])["verified_files"] == 0


def test_a_run_that_meets_an_issued_edition_with_other_settings_keeps_it(root: Path) -> None:
    assert gangru("run", "-C", str(root))[0] == 0
    reports = root / "reports" / "main"
    before = {name: content for name, content in files(reports).items() if "draft" not in name}
    text = (root / "study.toml").read_text()
    (root / "study.toml").write_text(text.replace("\nfraction = 0.1", "\nfraction = 0.3"))
    status, printed = gangru("run", "-C", str(root))
    assert status == 0
    assert "its files stay as they are" in " ".join(printed.split())
    assert "draft" in printed
    after = files(reports)
    assert {name: content for name, content in after.items() if "draft" not in name} == before
    assert any(name.startswith("draft/") for name in after)
