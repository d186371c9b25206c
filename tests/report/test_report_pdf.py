"""The PDF: vectors, real fonts, pages that say where one is, tables that are whole, nothing fetched."""

import builtins
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from agreeing import squeezed
from made_up_edition import FORMULA, HOSTILE, empty_evaluation, make_contents, make_evaluation
from pypdf import PageObject, PdfReader
from two_seeds import told_under_two_seeds

from gangru.errors import ReportError
from gangru.report.blocks import Callout, Column, Contents, Prose, Row, Section, Table
from gangru.report.charts import theme
from gangru.report.languages import language
from gangru.report.render.html import packaged
from gangru.report.render.paper import PRINTED_STOCKS, beside, fit_of, printed_rows
from gangru.report.render.pdf import fetcher_of_nothing, load_weasyprint, render_pdf
from gangru.report.settings import ReportSettings
from gangru.report.write import write_report

pytestmark = pytest.mark.usefixtures("paper")

A4 = (595, 842)
EN = language("en")
TESTS = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]


def opened(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf))


def size(page: PageObject) -> tuple[int, int]:
    return round(page.mediabox.width), round(page.mediabox.height)


def pictures(resources) -> list[str]:
    """Kinds of all that a page draws from elsewhere, down through forms."""
    found = []
    for one in (resources.get("/XObject") or {}).values():
        drawn = one.get_object()
        found.append(drawn["/Subtype"])
        if "/Resources" in drawn:
            found += pictures(drawn["/Resources"].get_object())
    return found


def with_block(contents: Contents, *blocks) -> Contents:
    """An edition of one section, which is laid out at once."""
    return replace(contents, sections=(Section("one", "One", tuple(blocks)),), front=(), banner=None)


def wide_table(columns: int, rows: int = 3) -> Table:
    named = (
        Column("label", "Label"),
        *(Column(f"value_{j}", f"Column {j}", "percent") for j in range(columns)),
    )
    return Table("wide", "Wide", named, tuple((f"row {i}", *([-12.3456] * columns)) for i in range(rows)))


@pytest.fixture(scope="module")
def english(printed) -> PdfReader:
    return opened(printed("en"))


@pytest.fixture(scope="module")
def chinese(printed) -> PdfReader:
    return opened(printed("zh"))


def test_every_page_is_a4_and_says_which_of_how_many_it_is(english):
    total = len(english.pages)
    assert total > 8
    for number, page in enumerate(english.pages, start=1):
        assert size(page) == A4
        text = page.extract_text()
        assert f"{number} / {total}" in text
        assert "Study main · Not investment advice. See Risks." in text
    assert all(
        "Machine-learning factor stock selection · July 2020" in p.extract_text() for p in english.pages[1:]
    )


def test_the_first_page_carries_verdict_edition_and_key_figures(english):
    first = english.pages[0].extract_text()
    for words in (
        "July 2020 was a weak month",
        "This edition",
        "Stocks ranked",
        "3,170",
        "4.73%",
        "simulated",
    ):
        assert words in first


def test_charts_are_vectors(english, chinese):
    for reader in (english, chinese):
        kinds = [kind for page in reader.pages for kind in pictures(page["/Resources"].get_object())]
        assert "/Image" not in kinds
    charted = next(
        p
        for p in english.pages
        if "Monthly rank IC" in p.extract_text() and "Running sum" in p.extract_text()
    )
    assert (
        charted.get_contents().get_data().count(b" l\n") + charted.get_contents().get_data().count(b" re\n")
        > 50
    )


def test_the_outline_leads_to_every_section_and_exhibit(english, contents):
    outline = english.outline
    sections = [entry.title for entry in outline if not isinstance(entry, list)]
    assert [re.sub(r"^\d+", "", title) for title in sections] == [
        EN.words(s.title) for s in contents.sections
    ]
    exhibits = [entry.title for part in outline if isinstance(part, list) for entry in part]
    first = len(contents.front) + 1  # those of the first page come before the outline
    assert exhibits[0].startswith(f"Figure {first}: ")
    last = max(b.exhibit for s in contents.sections for b in s.blocks if hasattr(b, "exhibit"))
    assert len(exhibits) == last - len(contents.front)


def test_the_contents_list_gives_the_page_of_every_section(english, contents):
    listed = "".join(page.extract_text() for page in english.pages[:3])
    pages = [e for e in english.outline if not isinstance(e, list)]
    for number, (section, entry) in enumerate(zip(contents.sections, pages, strict=True), start=1):
        page = english.get_destination_page_number(entry) + 1
        title = re.escape(EN.words(section.title)).replace(r"\ ", r"\s+")
        assert re.search(rf"\b{number}\s*{title}[\s.]+{page}\b", listed)


def test_a_table_over_several_pages_has_its_head_on_each_and_loses_no_row(contents):
    table = Table(
        "long", "Long", (Column("label", "HEADING"), Column("value", "Value", "integer")),
        tuple((f"row {i:03d}", i) for i in range(150)),
    )  # fmt: skip
    reader = opened(render_pdf(with_block(contents, table), "en"))
    texts = [page.extract_text() for page in reader.pages]
    carrying = [text for text in texts if re.search(r"row \d{3}", text)]
    assert len(carrying) >= 3
    assert all("HEADING" in text and len(re.findall(r"row \d{3}", text)) >= 3 for text in carrying)
    assert re.findall(r"row (\d{3})", "".join(texts)) == [f"{i:03d}" for i in range(150)]


def test_of_a_long_list_of_stocks_the_first_hundred_are_printed_and_the_rest_is_said_to_be_elsewhere():
    contents = make_contents(make_evaluation(stocks=1500))
    picks = next(s for s in contents.sections if s.key == "picks")
    (table,) = [b for b in picks.blocks if isinstance(b, Table) and b.key == "long_list"]
    assert (len(table.rows), printed_rows(table)) == (150, PRINTED_STOCKS)
    text = "".join(p.extract_text() for p in opened(render_pdf(with_block(contents, table), "en")).pages)
    assert "600099.SH" in text
    assert "600100.SH" not in text
    assert "The first 100 of 150 rows; the workbook holds them all." in text


def test_a_table_too_wide_is_set_smaller_or_across(contents):
    sizes = {}
    for columns in (3, 9, 14):
        table = wide_table(columns)
        pages = opened(render_pdf(with_block(contents, table), "en")).pages
        sizes[fit_of(table, EN)] = [size(p) for p in pages if re.search(r"row\s0", p.extract_text())]
    assert sizes == {"": [A4], "dense": [A4], "landscape": [A4[::-1]]}


def test_tables_stand_side_by_side_only_where_both_fit():
    narrow, broad = wide_table(2), wide_table(8)
    assert [len(group) for group in beside((narrow, narrow, broad, narrow), EN)] == [2, 1, 1]
    assert list(beside((narrow, broad), EN)) == [[narrow], [broad]]


def test_hostile_names_are_shown_as_text(english, contents):
    text = squeezed("".join(page.extract_text() for page in english.pages))
    assert HOSTILE in text
    assert f"600001.SH{FORMULA}" in text
    names = (
        "<img src='http://example.com/x.png'>",
        "\u202eABC\u200f",
        "a\x07b\x1bc",
        "{{ 7 * 7 }}",
        "url(http://e.com)",
    )
    block = Table("names", "<b>Names</b>", (Column("name", "</th>"),), tuple((name,) for name in names))
    risky = replace(
        with_block(contents, block, Row((block,)), Prose(names), Callout("note", names)), publisher=HOSTILE
    )
    shown = squeezed("".join(page.extract_text() for page in opened(render_pdf(risky, "en")).pages))
    for name in (
        "<imgsrc='http://example.com/x.png'>",
        "ABC",
        "abc",
        "{{7*7}}",
        "url(http://e.com)",
        "<b>Names</b>",
        HOSTILE,
    ):
        assert name in shown


PRINTED_TWICE = """
from gangru.report.blocks import Section
from gangru.report.render.pdf import render_pdf
blocks = (next(f for f in contents.figures() if f.kind == "ic"), contents.tables()[1])
tell(render_pdf(replace(contents, sections=(Section("one", "One", blocks),), front=(), banner=None), "zh"))
"""


def test_the_same_contents_give_the_same_bytes_in_every_process():
    first, second = told_under_two_seeds(PRINTED_TWICE)
    assert first.strip()
    assert first == second


def test_the_document_names_itself_and_carries_no_clock(english, chinese):
    assert english.metadata.title == "Machine-learning factor stock selection · July 2020"
    assert "/CreationDate" not in english.metadata
    assert english.trailer["/Root"]["/Lang"] == "en"
    assert chinese.trailer["/Root"]["/Lang"] == "zh-CN"


@pytest.mark.parametrize("tag", ["en", "zh"])
def test_a_first_edition_is_printed(tag):
    reader = opened(render_pdf(make_contents(empty_evaluation(), month="2019-02", folds=[]), tag))
    assert len(reader.pages) > 2


def test_the_chinese_edition_is_set_in_a_chinese_font(chinese):
    names = {
        str(font.get_object()["/BaseFont"])
        for page in chinese.pages
        for font in (page["/Resources"].get_object().get("/Font") or {}).values()
    }
    assert any(re.search(r"CJK|Han|PingFang|YaHei|WenQuanYi|Song|SimSun", name) for name in names), names
    text = "".join(page.extract_text() for page in chinese.pages)
    for words in (
        "机器学习因子选股",
        "目录",
        "图表 1：",
        "累计",
        "多头（费前）",
    ):  # the last two stand in charts alone
        assert words in text or squeezed(words) in squeezed(text)


PRINTING = """
import sys
sys.path[:0] = {path!r}
from made_up_edition import make_contents
from dataclasses import replace
from gangru.errors import ReportError
from gangru.report.render.pdf import render_pdf
contents = make_contents()
plain = replace(contents, sections=contents.sections[-1:], front=())
try:
    print("written", len(render_pdf(plain, {tag!r})))
except ReportError as error:
    print("refused:", error)
"""


def printed_with_fonts(folder: Path, fonts: list[str], tag: str) -> str:
    """What a process says that prints with these fonts alone."""
    (folder / "fonts").mkdir(exist_ok=True)
    for font in fonts:
        shutil.copy(font, folder / "fonts")
    config = folder / "fonts.conf"
    config.write_text(
        f'<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>{folder / "fonts"}</dir>'
        f"<cachedir>{folder / 'cache'}</cachedir></fontconfig>",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-c", PRINTING.format(path=TESTS, tag=tag)],
        env=os.environ | {"FONTCONFIG_FILE": str(config)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def latin_font() -> str:
    """The file of a font without Chinese."""
    if shutil.which("fc-match") is None:
        pytest.skip("fc-match is not installed: no way to find a font without Chinese")
    path = subprocess.run(
        ["fc-match", "-f", "%{file}", "DejaVu Sans:lang=en"], capture_output=True, text=True, check=True
    ).stdout
    if "DejaVu" not in path:
        pytest.skip("DejaVu Sans is not installed")
    return path


def test_chinese_without_a_chinese_font_is_refused_with_the_packages_name(tmp_path, latin_font):
    said = printed_with_fonts(tmp_path, [latin_font], "zh")
    assert said.startswith("refused: no installed font has the Chinese characters")
    assert "fonts-noto-cjk" in said


def test_english_needs_no_chinese_font(tmp_path, latin_font):
    assert printed_with_fonts(tmp_path, [latin_font], "en").startswith("written")


def test_no_font_at_all_is_refused(tmp_path):
    said = printed_with_fonts(tmp_path, [], "en")
    assert said.startswith("refused: a PDF needs fonts, and none is installed")
    assert "fonts-noto-cjk" in said


def test_a_character_that_no_font_has_is_refused_not_boxed(contents):
    odd = with_block(contents, Prose(("private \ue123 use",)))
    with pytest.raises(ReportError, match=r"no installed font has the characters .*U\+E123"):
        render_pdf(odd, "en")


def test_without_weasyprint_the_extra_is_named(contents, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(ReportError, match=r"pip install 'gangru\[pdf\]'"):
        render_pdf(contents, "en")


def test_without_pango_the_package_is_named(contents, monkeypatch):
    real = builtins.__import__

    def broken(name, *rest):
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(ReportError, match=r"libpango-1.0-0 libpangoft2-1.0-0.*cannot load library"):
        render_pdf(contents, "en")


@pytest.mark.parametrize("address", ["http://example.com/x.png", "file:///etc/passwd", "ftp://example.com/x"])
def test_no_address_is_fetched(address):
    weasyprint = load_weasyprint()
    page = weasyprint.HTML(string=f'<img src="{address}">', url_fetcher=fetcher_of_nothing(weasyprint))
    with pytest.raises(BaseException, match="Error fetching") as caught:
        page.write_pdf()
    assert "disallowed protocol" in str(caught.value.__cause__)


def test_a_pdf_is_written_where_it_is_asked_for(contents, tmp_path):
    settings = ReportSettings(formats=("pdf", "json"))
    paths = write_report(with_block(contents, Prose(("One sentence.",))), tmp_path, settings)
    assert [path.name for path in paths] == ["2020-07.pdf", "2020-07.json"]
    assert paths[0].read_bytes().startswith(b"%PDF-")


def test_paper_and_charts_have_the_same_colours_and_tables_are_readable():
    style = packaged("pdf.css")
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", style))
    for name in ("navy", "blue", "amber", "red", "ink", "soft"):
        assert colours[name] == getattr(theme, name.upper())
    sizes = [float(pt) for pt in re.findall(r"^table[^{]*\{[^}]*font-size: ([\d.]+)pt", style, re.MULTILINE)]
    assert len(sizes) >= 3
    assert min(sizes) >= 7.5
