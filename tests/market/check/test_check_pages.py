"""The check's table, page, Markdown and JSON: whole, escaped, and the same figures everywhere."""

import json
from pathlib import Path

import polars as pl
import pytest
import typer
from checked_store import CODES, changed, checked, clean_tables, stored
from typer.testing import CliRunner

from gangru.cli import check as commands
from gangru.market.check.check import FAMILIES, CheckReport
from gangru.market.check.document import document
from gangru.market.check.markdown import markdown, percent
from gangru.market.check.page import page
from gangru.market.check.words import cell_words, count_words, share_words
from gangru.market.schema import QUARANTINE
from gangru.study.workspace import init_workspace

DOCS = Path(__file__).parents[3] / "docs" / "check.md"
EVIL = '<img src=x onerror="alert(1)">|*'


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> CheckReport:
    tables = changed(clean_tables(), CODES[0], 5, volume=0.0, amount=0.0)
    tables = changed(tables, CODES[1], 9, amount=pl.col("amount") / 1000)
    evil = pl.DataFrame(
        [("bars", EVIL, 1, "high", EVIL, EVIL, None, None)], schema=QUARANTINE.columns, orient="row"
    )
    names = tables["names"].filter(pl.col("code") != CODES[2])
    securities = tables["securities"].with_columns(pl.lit(f"ST{EVIL}").alias("name"))
    return checked(
        {**tables, "quarantine": evil, "names": names, "securities": securities}, tmp_path_factory.mktemp("s")
    )


def test_the_page_is_one_file_that_fetches_nothing_and_runs_nothing_from_the_data(
    report: CheckReport,
) -> None:
    html = page(report, {"Command": EVIL})
    assert "<img" not in html
    assert "&lt;img" in html
    assert "http://" not in html
    assert "https://" not in html
    assert html.count("<script>") == 1
    for finding in report.findings:
        assert finding.rule.name in html


def test_markdown_has_every_rule_and_no_markup_from_the_data(report: CheckReport) -> None:
    text = markdown(report, {"Command": "gangru check"})
    assert "<img" not in text.replace("\\<img", "")
    for finding in report.findings:
        assert f"| {finding.rule.name} | {finding.state} |" in text
    bare = markdown(report, {}, examples=False)
    assert CODES[1] in text
    assert CODES[1] not in bare


def test_json_is_plain_and_says_what_was_not_checked(report: CheckReport) -> None:
    told = json.loads(json.dumps(document(report), allow_nan=False))
    rules = {one["rule"]: one for one in told["findings"]}
    assert rules["unit-slip"]["count"] == 1
    assert rules["unit-slip"]["years"] == {"2020": 1}
    assert rules["unit-slip"]["examples"][0]["code"] == CODES[1]
    assert rules["index-basis"]["not_checked"] == "no index_bars"
    assert rules["index-basis"]["count"] is None
    assert told["coverage"][0]["year"] == 2020


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        (True, "yes"),
        (2019, "2019"),
        (12345, "12,345"),
        (0.1234567, "0.123457"),
        (1234.5, "1,234.5"),
        (2.5e9, "2,500,000,000"),
    ],
)
def test_values_are_shortened_to_what_a_reader_compares(value: object, words: str) -> None:
    assert cell_words(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.0, "100 %"), (0.99999, "> 99.9 %"), (0.0, "0 %"), (1e-6, "< 0.1 %"), (0.5, "50.0 %"), (None, "–")],
)
def test_a_hundred_percent_is_said_of_nothing_less(value: float | None, words: str) -> None:
    assert percent(value) == words


def test_counts_of_one_are_singular_and_shares_of_nothing_are_not_said(report: CheckReport) -> None:
    by_name = {finding.rule.name: finding for finding in report.findings}
    assert count_words(by_name["unit-slip"]) == "1 row"
    assert count_words(by_name["gaps"]) == "0 days"
    assert share_words(by_name["gaps"]) == ""
    assert count_words(by_name["index-basis"]) == "–"


def test_docs_name_every_rule_with_its_severity() -> None:
    lines = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    documented = {line.split("`")[1]: line.split("|")[2].strip() for line in lines}
    rules = {rule.name: rule.severity for family in FAMILIES.values() for rule in family}
    assert documented == rules


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    commands.register(app)
    return app


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    init_workspace(tmp_path)
    stored(changed(clean_tables(), CODES[1], 9, amount=pl.col("amount") / 1000), tmp_path / "store")
    return tmp_path


def test_the_commands_check_move_list_show_and_release(app: typer.Typer, workspace: Path) -> None:
    run = CliRunner().invoke
    here = ["-C", str(workspace)]
    html, text = workspace / "c.html", workspace / "c.md"
    first = run(app, ["check", *here, "--html", str(html), "--markdown", str(text)])
    assert first.exit_code == 0, first.output
    assert "unit-slip: 1 row." in first.output
    assert html.exists()
    assert str(workspace) not in text.read_text(encoding="utf-8")
    told = json.loads(run(app, ["check", *here, "--json", "--quarantine"]).stdout)
    assert told["data"]["rows"] == 760
    assert "unit-slip" in run(app, ["quarantine", *here]).output
    shown = run(app, ["quarantine", "show", *here, "--code", CODES[1], "--csv"]).stdout
    assert pl.read_csv(shown.encode()).height == 1
    released = run(app, ["quarantine", "release", *here, "--reason", "unit-slip"])
    assert "1 rows released" in released.output
    assert json.loads(run(app, ["check", *here, "--json"]).stdout)["data"]["rows"] == 760


def test_an_empty_quarantine_says_so(app: typer.Typer, workspace: Path) -> None:
    assert "empty" in CliRunner().invoke(app, ["quarantine", "-C", str(workspace)]).output
