"""The rules in words: what is listed, what `gangru rules` prints, and that docs/rules.md says the same."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gangru.cli.rules import register
from gangru.errors import InputError
from gangru.market.rules_rows import board_of, rule_rows
from gangru.market.rules_table import BOARDS, RULES, CostRule

DOCS = Path(__file__).resolve().parents[2] / "docs" / "rules.md"


@pytest.fixture
def told(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return lambda *words: CliRunner().invoke(app, ["rules", *words])


def in_words(rows):
    return {(row.rule, row.of): row.says for row in rows}


def test_every_dated_row_is_listed_once():
    kinds = (RULES.limits, RULES.listings, RULES.free_days, RULES.costs, RULES.commissions, RULES.lots)
    assert len(rule_rows()) == sum(map(len, kinds))
    assert all(row.source for row in rule_rows())


@pytest.mark.parametrize(("day", "says"), [("2020-08-23", "±10 %"), ("2020-08-24", "±20 %")])
def test_of_a_day_only_what_was_in_force_is_listed(day, says):
    rows = rule_rows(day=date.fromisoformat(day))
    assert (
        len(rows) == 3 * (len(BOARDS) - 1) + 2 + 2 + 1
    )  # Beijing opened in 2021  # limit, listing, lot; two events, two levies, commission
    assert in_words(rows)["limit", "chinext"] == f"{says}, rounded half up"


def test_of_a_board_its_own_rules_and_those_of_all_are_listed():
    words = in_words(rule_rows(day=date(2024, 1, 2), board="star"))
    assert words == {
        ("limit", "star"): "±20 %, rounded half up",
        ("listing", "star"): "first 5 days without a limit",
        ("first day", "relisting"): "first day without a limit",
        ("first day", "delisting period"): "first day without a limit",
        ("cost", "stamp duty"): "0.000% of a purchase, 0.050% of a sale",
        ("cost", "transfer fee"): "0.001% of a purchase, 0.001% of a sale",
        ("cost", "commission"): "at least 5 yuan an order",
        ("lot", "star"): "at least 200 shares, in steps of 1",
    }


def test_rows_of_a_users_rules_are_listed_by_date_wherever_they_stand():
    earlier = CostRule("stamp duty", date(2007, 5, 30), 0.003, 0.003)
    rows = rule_rows(rules=replace(RULES, costs=(*RULES.costs, earlier)))
    starts = [row.start for row in rows if row.of == "stamp duty"]
    assert starts == sorted(starts)
    assert starts[0] == date(2007, 5, 30)


def test_a_code_names_its_board_or_is_refused():
    assert [board_of(code) for code in ("600519", "sz300750", "688981.SH", "920002")] == [
        "main", "chinext", "star", "beijing",
    ]  # fmt: skip
    with pytest.raises(InputError, match="no stock code"):
        board_of("000300.SH")


def test_the_command_prints_the_rows_and_the_limits(told):
    shown = told("--date", "2026-07-03", "--code", "600519", "--reference", "10.05", "--st")
    assert shown.exit_code == 0
    assert "±10 %, ST ±5 %" in shown.output
    assert "star" not in shown.output
    assert "9.55 to 10.55" in shown.output


@pytest.mark.parametrize("words", [("--reference", "10"), ("--date", "2026/07/03"), ("--date", "tomorrow")])
def test_the_command_says_what_it_needs(told, words):
    shown = told(*words)
    assert shown.exit_code == 2
    assert words[0] in shown.output


def test_the_docs_have_every_row():
    table = [line for line in DOCS.read_text().splitlines() if line.startswith("| ")]
    documented = {tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table}
    assert {(r.rule, r.of, str(r.start), r.says, r.source) for r in rule_rows()} <= documented


def test_the_examples_of_the_docs_give_what_they_say():
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    told = [line for block in blocks for line in block.splitlines() if "  # " in line]
    assert len(told) >= 3
    for block in blocks:
        names = {}
        exec(block, names)
        for line in block.splitlines():
            if "  # " in line:
                call, says = line.split("  # ")
                assert repr(eval(call, names)) == says.split(":")[0]
