"""The JSON of the monthly: what its schema says, for every kind of edition, in both languages; the page about it runs."""

import json
import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from jsonschema import Draft202012Validator
from made_up_edition import HOSTILE, empty_evaluation, make_contents, make_fold, make_provenance

from gangru.report.blocks import Contents
from gangru.report.render.json import render_json
from gangru.report.render.schema import report_schema, written

DOCS = Path(__file__).parents[2] / "docs"


def faults(document: object) -> list[str]:
    return [error.message for error in Draft202012Validator(report_schema()).iter_errors(document)]


def parsed(contents: Contents, tag: str = "en") -> dict:
    return json.loads(render_json(contents, tag), parse_constant=pytest.fail)


@pytest.fixture(scope="module")
def fronted(contents) -> Contents:
    tables = contents.tables()
    return replace(contents, front=(tables[1], tables[2]))


def test_the_committed_schema_is_what_the_code_gives():
    assert (DOCS / "report.schema.json").read_text(encoding="utf-8") == written()


def test_the_schema_is_one():
    Draft202012Validator.check_schema(report_schema())


@pytest.mark.parametrize("tag", ["en", "zh"])
def test_an_edition_is_what_the_schema_says(fronted, tag):
    assert faults(parsed(fronted, tag)) == []


@pytest.mark.parametrize("tag", ["en", "zh"])
def test_a_first_edition_is_what_the_schema_says(tag):
    bare = make_contents(empty_evaluation(), month="2019-02", folds=[])
    assert faults(parsed(bare, tag)) == []


def test_an_edition_without_gan_is_what_the_schema_says():
    plain = make_contents(folds=[make_fold(gan=False)], provenance=make_provenance("none"))
    assert faults(parsed(plain)) == []


def test_what_the_schema_does_not_say_is_a_fault(contents):
    document = parsed(contents)
    for change in (
        lambda d: d.update(extra=1),
        lambda d: d.pop("banner"),
        lambda d: d["verdict"].update(tone="loud"),
        lambda d: d["edition"]["rows"][0].append({"a": 1}),
        lambda d: d["sections"][0]["blocks"][0].update(extra=1),
        lambda d: d.update(month="2020-13"),
    ):
        broken = deepcopy(document)
        change(broken)
        assert faults(broken)


def test_every_row_has_a_cell_for_each_column_and_a_format_where_rows_have_their_own(fronted):
    document = parsed(fronted)
    blocks = [b for section in document["sections"] for b in section["blocks"]]
    tables = [document["edition"], *document["front"], *(b for b in blocks if b["type"] == "table")]
    tables += [t for b in blocks if b["type"] == "row" for t in b["tables"]]
    assert len(tables) == len(fronted.tables())
    for table in tables:
        assert all(len(row) == len(table["columns"]) for row in table["rows"])
        assert table["formats"] is None or len(table["formats"]) == len(table["rows"])


def test_all_contents_stand_in_the_document(fronted):
    document = parsed(fronted)
    assert document["banner"]["sentences"][0].startswith("The market in this edition is simulated")
    assert [table["key"] for table in document["front"]] == [table.key for table in fronted.front]
    blocks = [b for section in document["sections"] for b in section["blocks"]]
    figures = {b["key"]: b for b in blocks if b["type"] == "figure"}
    for figure in fronted.figures():
        assert len(figures[figure.key]["rows"]) == len(figure.data)
        assert figures[figure.key]["mark"] == figure.mark
    assert next(b for b in blocks if b["type"] == "diagram")["days"] == 40
    assert any(
        HOSTILE in cell
        for b in blocks
        if b.get("key") == "top"
        for row in b["rows"]
        for cell in row
        if isinstance(cell, str)
    )


def test_a_figures_dates_are_iso_text(contents):
    blocks = [b for section in parsed(contents)["sections"] for b in section["blocks"]]
    rows = {b["key"]: b["rows"] for b in blocks if b["type"] == "figure"}
    dated = [
        (figure, name)
        for figure in contents.figures()
        for name, kind in figure.data.schema.items()
        if kind == pl.Date
    ]
    assert "net_value" in {figure.kind for figure, _ in dated}
    for figure, name in dated:
        assert [row[name] for row in rows[figure.key]] == [day.isoformat() for day in figure.data[name]]


def test_the_page_about_the_document_runs(contents, tmp_path, monkeypatch, capsys):
    page = (DOCS / "report-json.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    (shown,) = re.findall(r"```text\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "2020-07.json").write_text(render_json(contents, "en"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "report-json.md", "exec"), {})
    assert capsys.readouterr().out == shown


def test_the_page_about_the_document_names_every_key(contents):
    page = (DOCS / "report-json.md").read_text(encoding="utf-8")
    parts = report_schema()["$defs"]
    keys = set(report_schema()["properties"]) | {
        k for part in parts.values() for k in part.get("properties", {})
    }
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []
