"""The files: one self-contained page, a JSON document and a workbook, safe against what data may hold."""

import base64
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
from made_up_edition import FORMULA, HOSTILE, empty_evaluation, make_contents, make_fold, make_provenance
from two_seeds import told_under_two_seeds

from gangru.errors import ReportError
from gangru.report.blocks import Figure
from gangru.report.charts.draw import chart_specs, still_svg
from gangru.report.languages import language
from gangru.report.render.html import render_html
from gangru.report.render.json import render_json
from gangru.report.render.xlsx import render_xlsx
from gangru.report.settings import ReportSettings
from gangru.report.write import write_report

VOID = {"meta", "img", "br", "link", "input", "hr", "path", "rect"}
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Page(HTMLParser):
    """Reads a page: its text outside scripts, its attributes, its scripts; checks that elements close in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.scripts: list[str] = []
        self.roles: list[str] = []
        self.ids: list[str] = []
        self.feed(source)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag == "script":
            self.scripts.append("")
            self.roles.append(dict(attrs).get("class") or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        elif "style" not in self.open:
            self.texts.append(data)

    def scripts_of(self, role: str) -> list[str]:
        """The scripts of a class: spec, datasets, dark-colours."""
        return [script for script, found in zip(self.scripts, self.roles, strict=True) if found == role]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def source(contents) -> str:
    return render_html(contents, "en", static_charts=True)


@pytest.fixture(scope="module")
def page(source) -> Page:
    return Page(source)


def test_the_page_fetches_nothing_and_stays_under_six_megabytes(source, page):
    assert len(source.encode()) < 6_000_000
    for tag, name, value in page.attributes:
        if name in ("src", "href", "action", "data", "srcset", "poster"):
            assert value.startswith(("#", "data:")), (tag, name, value)
    style = source[source.index("<style>") : source.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "<link" not in source[: source.index("<body>")]


def test_every_entry_of_the_contents_list_leads_to_a_section(page):
    targets = [value[1:] for tag, name, value in page.attributes if tag == "a" and name == "href"]
    assert len(targets) >= 12
    assert set(targets) <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_hostile_names_are_shown_as_text(source, page):
    assert HOSTILE in page.text
    assert HOSTILE not in source
    assert all("alert(1)" not in script for script in page.scripts)


def test_text_in_a_charts_data_cannot_leave_its_script(contents):
    hostile = "</script><script>alert(2)</script>"

    def poisoned(block):
        if not isinstance(block, Figure) or block.kind != "ic":
            return block
        return make_figure(block, block.data.with_columns(month=pl.lit(hostile)))

    sections = tuple(replace(s, blocks=tuple(poisoned(b) for b in s.blocks)) for s in contents.sections)
    page = Page(render_html(replace(contents, sections=sections), "en", static_charts=False))
    assert [role for role, s in zip(page.roles, page.scripts, strict=True) if "alert(2)" in s] == ["datasets"]
    (datasets,) = page.scripts_of("datasets")
    assert hostile in {row.get("month") for rows in json.loads(datasets).values() for row in rows}


def make_figure(figure: Figure, data) -> Figure:
    return Figure(figure.key, figure.kind, figure.caption, data, mark=figure.mark)


def test_each_chart_is_embedded_as_a_specification_and_as_a_picture(page):
    specs = [json.loads(s) for s in page.scripts_of("spec")]
    (datasets,) = (json.loads(s) for s in page.scripts_of("datasets"))
    assert {name for spec in specs for name in spec["datasets"]} == set(datasets)
    assert [s["usermeta"]["name"] for s in specs] == [
        "ic", "ic_calendar", "deciles", "decay", "net_value", "excess", "drawdown", "excess_calendar",
        "capacity_curve", "industry_months", "style_exposures", "predictor", "losses", "accuracies", "likeness", "ratios", "distance", "gradients",
        "windows close", "windows volume", "windows return_1d",
    ]  # fmt: skip
    assert all(s["$schema"].startswith("https://vega.github.io/schema/vega-lite/") for s in specs)
    stills = [v for tag, name, v in page.attributes if tag == "img" and name == "src"]
    assert len(stills) == len(specs)
    for still in stills:
        svg = base64.b64decode(still.removeprefix("data:image/svg+xml;base64,")).decode()
        assert svg.startswith("<svg")
        assert "NaN" not in svg


def test_the_drawing_library_is_embedded_once(source):
    assert source.count("window.vegaEmbed = ") + source.count("window.vegaEmbed=") == 1


def test_headline_figures_stand_on_the_page(page):
    for shown in ("10.11%", "0.92", "9.09%", "21.21%", "23.23%", "0.91", "1.61", "17.17%", "0.81", "13.13%"):
        assert shown in page.text
    strip = {value for tag, name, value in page.attributes if name == "data-value"}
    assert {"0.1011", "0.92", "0.1313", "0.1717", "0.81"} <= strip


def test_a_dash_has_its_note(page):
    assert "–: no factor last month" in page.text


RENDERING = """
from gangru.report.render import html
from gangru.report.render.json import render_json
from gangru.report.render.xlsx import render_xlsx
html.vega_script = lambda: "no library"  # not ours, and packing it takes as long as all the rest
tell(html.render_html(contents, "en", static_charts=False).encode())
tell(render_json(contents, "en").encode())
tell(render_xlsx(contents))
"""


def test_the_same_contents_give_the_same_bytes_in_every_process():
    first, second = told_under_two_seeds(RENDERING)
    assert len(first.splitlines()) == 3
    assert first == second


def test_the_chinese_page_speaks_chinese_in_text_and_charts(contents):
    page = Page(render_html(contents, "zh", static_charts=False))
    assert ("html", "lang", "zh-CN") in page.attributes
    assert "机器学习因子选股" in page.text
    assert "图表 1：" in page.text
    assert "2020年7月" in page.text
    ours = {"Summary", "Performance", "Industries", "Stock picks", "Training", "Definitions", "Source"}
    assert not ours & set(re.findall(r"[A-Z][a-z]+(?: [a-z]+)?", page.text))
    assert any("多头（费前）" in script for script in page.scripts)


@pytest.fixture(scope="module")
def both(contents) -> str:
    return render_html(contents, "both", static_charts=False)


def test_both_languages_are_one_file_with_one_library_and_one_copy_of_the_data(contents, both):
    page, english = Page(both), Page(render_html(contents, "en", static_charts=False))
    assert both.count("window.vegaEmbed=") == 1
    assert both.count("<style>") == 1
    (rows,), (english_rows,) = (map(json.loads, one.scripts_of("datasets")) for one in (page, english))
    assert english_rows.items() <= rows.items()
    assert len(rows) - len(english_rows) <= 4  # the names of levels alone are words
    assert len(page.scripts_of("spec")) == 2 * len(english.scripts_of("spec"))
    assert len(both.encode()) < 6_000_000
    assert ("html", "lang", "zh-CN") in page.attributes
    assert "机器学习因子选股" in page.text
    assert "Machine-learning factor stock selection" in page.text
    assert [value for _, name, value in page.attributes if name == "hidden"] == [""]


def test_no_anchor_stands_twice_and_no_link_leads_nowhere(both):
    page = Page(both)
    assert len(page.ids) == len(set(page.ids))
    targets = {value[1:] for tag, name, value in page.attributes if tag == "a" and name == "href"}
    assert len(targets) >= 24
    assert targets <= set(page.ids)
    named = {value for _, name, value in page.attributes if name == "aria-labelledby"}
    assert named <= set(page.ids)


def test_a_page_of_one_language_offers_no_other(page):
    assert not [value for tag, name, value in page.attributes if tag == "button" and name == "data-language"]


def test_the_order_of_languages_is_the_readers(contents):
    page = Page(render_html(contents, ["en", "zh"], static_charts=False))
    assert ("html", "lang", "en") in page.attributes
    assert [value for tag, name, value in page.attributes if tag == "div" and name == "data-prefix"] == [
        "",
        "zh-",
    ]


def test_the_contents_own_language_is_the_default(contents):
    assert Page(render_html(replace(contents, language="both"), static_charts=False)).text.count("结论") == 1
    assert json.loads(render_json(replace(contents, language="both")))["language"] == "zh"


def test_a_printed_value_has_the_value_itself_beside_it_where_they_differ(contents):
    page = Page(render_html(contents, "zh", static_charts=False))
    values = [value for tag, name, value in page.attributes if tag == "td" and name == "data-value"]
    assert "" in values  # a dash
    assert "2019-12-31" not in values  # printed as it is
    assert {"0", "1"} <= set(values)  # 是, 否
    assert any(value.startswith("0.0") and len(value) > 6 for value in values)


@pytest.mark.parametrize("tag", ["en", "zh"])
def test_a_first_edition_renders_without_a_chart(tag):
    contents = make_contents(empty_evaluation(), month="2019-02", folds=[])
    page = Page(render_html(contents, tag))
    assert page.scripts_of("spec") == page.scripts_of("datasets") == []
    assert "–" in page.text


def test_a_plain_gru_is_drawn_without_g_and_d():
    contents = make_contents(folds=[make_fold(gan=False)], provenance=make_provenance("none"))
    drawing = (
        render_html(contents, "en", static_charts=False).split('<svg class="model"')[1].split("</svg>")[0]
    )
    assert ">G<" not in drawing
    assert ">D<" not in drawing
    assert ">GRU<" in drawing


def test_a_chart_with_undefined_values_is_drawn_without_them(contents):
    figure = next(
        b for s in contents.sections for b in s.blocks if isinstance(b, Figure) and b.kind == "decay"
    )
    holed = figure.data.with_columns(
        rank_ic=figure.data["rank_ic"].set(figure.data["horizon_days"] == 5, float("nan"))
    )
    (spec,) = chart_specs(make_figure(figure, holed), language("en"))
    (rows,) = spec["datasets"].values()
    assert [row["rank_ic"] is None for row in rows] == [False, True, False, False, False, False]
    assert "NaN" not in still_svg(spec, 400)


def test_a_gan_curve_without_some_columns_is_drawn_with_the_others(contents):
    figure = next(b for s in contents.sections for b in s.blocks if isinstance(b, Figure) and b.kind == "gan")
    bare = make_figure(figure, figure.data.select("epoch", "d_loss", "correlation"))
    assert [s["usermeta"]["name"] for s in chart_specs(bare, language("en"))] == ["losses", "likeness"]


def test_json_holds_numbers_and_the_same_sentences(contents):
    whole = json.loads(render_json(contents, "en"), parse_constant=pytest.fail)
    assert whole["schema_version"] == 1
    assert whole["month"] == "2020-07"
    blocks = next(s for s in whole["sections"] if s["key"] == "summary")["blocks"]
    headline = next(b for b in blocks if b.get("key") == "headline")
    assert [row[1] for row in headline["rows"] if row[0] == "IC mean"] == [0.1011]
    assert whole["verdict"]["sentences"][0].startswith("July 2020 was a")
    assert [table["key"] for table in whole["front"]] == ["periods", "first_picks"]
    assert [s["key"] for s in whole["sections"]][:10] == [
        "summary", "model", "performance", "trading", "industries", "picks", "exposures", "training", "data", "editions",
    ]  # fmt: skip


def sheet_cells(content: bytes, name: str) -> dict[str, tuple[str, str]]:
    """Cells of a sheet as (type, value), read from the file's own XML."""
    with zipfile.ZipFile(BytesIO(content)) as book:
        names = [
            s.get("name") for s in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
        ]
        shared = [
            "".join(t.text or "" for t in item.iter(f"{MAIN}t"))
            for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml")).iter(f"{MAIN}si")
        ]
        tree = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{names.index(name) + 1}.xml"))
    cells = {}
    for c in tree.iter(f"{MAIN}c"):
        assert c.find(f"{MAIN}f") is None, "no cell may hold a formula"
        value = c.findtext(f"{MAIN}v", default="")
        kind = c.get("t", "n")
        cells[c.get("r")] = (kind, shared[int(value)] if kind == "s" else value)
    return cells


def test_the_workbook_holds_numbers_as_numbers_and_names_as_text(contents):
    content = render_xlsx(contents, "en")
    cells = sheet_cells(content, "top")
    assert cells["A4"] == ("n", "1")
    assert cells["C4"] == ("s", HOSTILE)
    assert cells["C5"] == ("s", FORMULA)
    assert cells["F4"] == ("n", "1")
    headline = sheet_cells(content, "headline")
    assert headline["B5"] == ("n", "0.1011")


def test_every_table_and_chart_has_its_sheet(contents):
    with zipfile.ZipFile(BytesIO(render_xlsx(contents))) as book:
        names = {
            s.get("name") for s in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
        }
        styles = book.read("xl/styles.xml").decode()
    assert {t.key for t in contents.tables()} <= names
    assert {"data_ic", "data_net_value", "data_gan", "data_gan_windows"} <= names
    assert 'quotePrefix="1"' in styles


def test_files_are_written_under_the_study_and_leave_nothing_behind(contents, tmp_path):
    settings = ReportSettings(static_charts=False, language="zh")
    paths = write_report(contents, tmp_path, settings)
    assert [p.relative_to(tmp_path).as_posix() for p in paths] == [
        "main/2020-07.html", "main/2020-07.json", "main/2020-07.xlsx",
    ]  # fmt: skip
    assert sorted(p.name for p in (tmp_path / "main").iterdir()) == sorted(p.name for p in paths)
    assert json.loads(paths[1].read_text(encoding="utf-8"))["language"] == "zh"


def test_both_languages_are_one_page_and_two_of_every_other_format(contents, tmp_path):
    settings = ReportSettings(static_charts=False, language="both")
    paths = write_report(contents, tmp_path, settings)
    assert [p.name for p in paths] == [
        "2020-07.html", "2020-07.json", "2020-07.en.json", "2020-07.xlsx", "2020-07.en.xlsx",
    ]  # fmt: skip
    assert [json.loads(p.read_text(encoding="utf-8"))["language"] for p in paths[1:3]] == ["zh", "en"]
    page = paths[0].read_text(encoding="utf-8")
    assert 'data-languages="zh en"' in page


def test_an_unknown_format_is_refused_before_anything_is_written(contents, tmp_path):
    with pytest.raises(ReportError, match="expected html, json, xlsx or pdf"):
        write_report(contents, tmp_path, ReportSettings(formats=("json", "docx")))
    assert list(tmp_path.iterdir()) == []


def test_a_study_cannot_name_a_place_elsewhere(tmp_path):
    contents = make_contents()
    for study in ("../main", "a/b", "", ".."):
        with pytest.raises(ReportError, match="cannot name a folder"):
            write_report(replace(contents, study=study), tmp_path, ReportSettings())


def test_a_failed_write_keeps_the_old_file(contents, tmp_path, monkeypatch):
    settings = ReportSettings(formats=("json",))
    (path,) = write_report(contents, tmp_path, settings)
    before = path.read_bytes()

    def fail(self, target):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_report(contents, tmp_path, settings)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_the_report_never_loads_torch():
    code = "import gangru.report.write, gangru.report.contents, sys; assert not {'torch', 'altair', 'vl_convert'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
