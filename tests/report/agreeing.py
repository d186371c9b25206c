"""Holds every printed number of an edition's files against the document that `gangru evaluate --json` prints."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser
from io import BytesIO

import openpyxl
from pypdf import PdfReader

from gangru.report.blocks import Contents, Quantity, Table
from gangru.report.definitions import HEADLINE_FIGURES
from gangru.report.languages import Language, language
from gangru.report.render.html import render_html
from gangru.report.render.json import render_json
from gangru.report.render.paper import printed_rows
from gangru.report.render.pdf import render_pdf
from gangru.report.render.xlsx import HEAD, render_xlsx

RECORDS = {  # a table of the report → the table of the document, and what names a row in both
    "months": ("series", "month"),
    "yearly": ("yearly", "year"),
    "industries": ("industries", "industry"),
    "top": ("picks", "code"),
    "firsts": ("picks", "code"),
    "long_list": ("picks", "code"),
}
HEADLINES = ("headline", "headline_pearson", "headline_raw", "headline_t")

Expected = dict[tuple[int, int], object]  # row and column of a table → the document's value


class Grid(HTMLParser):
    """The cells of a page's tables, by the table's key, and the key figures by theirs."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.figures: dict[str, str] = {}
        self.rows: list[list[str]] | None = None
        self.cell: list[str] | None = None
        self.figure: str | None = None
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "table" and "data-key" in given:
            self.rows = self.tables.setdefault(given["data-key"], [])
        elif tag == "tr" and self.rows is not None:
            self.rows.append([])
        elif tag in ("td", "th"):
            self.cell = []
        elif tag == "dd" and "data-key" in given:
            self.figure = given["data-key"]
            self.figures[self.figure] = ""

    def handle_endtag(self, tag):
        if tag == "table":
            self.rows = None
        elif tag in ("td", "th") and self.cell is not None:
            if self.rows is not None:
                self.rows[-1].append("".join(self.cell).strip())
            self.cell = None
        elif tag == "dd":
            self.figure = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell.append(data)
        if self.figure is not None:
            self.figures[self.figure] += data


@dataclass(frozen=True)
class Files:
    """What was read back from an edition's four files."""

    tag: str
    page: Grid
    paper: str
    book: openpyxl.Workbook
    plain: dict


def read_back(contents: Contents, tag: str, pdf: bytes | None = None) -> Files:
    """Write an edition in a language as page, PDF (or take the one handed in), workbook and JSON, and read them."""
    pages = PdfReader(BytesIO(pdf or render_pdf(contents, tag))).pages
    return Files(
        tag,
        Grid(render_html(contents, tag, static_charts=False)),
        squeezed("".join(page.extract_text() for page in pages)),
        openpyxl.load_workbook(BytesIO(render_xlsx(contents, tag))),
        json.loads(render_json(contents, tag)),
    )


def compared(document: dict, contents: Contents, files: Files) -> Counter:
    """Assert that the four files print the document's numbers; gives how many were compared in each."""
    chosen = language(files.tag)
    page, paper, book, plain = files.page, files.paper, files.book, files.plain
    json_tables = {t["key"]: t for t in walk(plain) if isinstance(t, dict) and t.get("type") == "table"}
    counts: Counter = Counter()
    for table in contents.tables():
        expected = expected_cells(document, table)
        if not expected:
            continue
        counts[f"table {table.key}"] = len(expected)
        shown = printed(table, expected, chosen)
        assert page.tables[table.key][1:] == shown, table.key
        counts["html"] += len(expected)
        for row in range(printed_rows(table)):
            assert squeezed("".join(shown[row])) in paper, (table.key, row, shown[row])
            counts["pdf"] += sum(1 for i, _ in expected if i == row)
        for (i, j), value in expected.items():
            assert json_tables[table.key]["rows"][i][j] == value, (table.key, i, j)
            counts["json"] += 1
            assert_stored(book[table.key].cell(HEAD + 1 + i, j + 1).value, value, shown[i][j])
            counts["xlsx"] += 1
    for figure in contents.key_figures:
        if figure.key in document["headline"]:
            value = document["headline"][figure.key]
            if figure.key == "ic_latest":
                value = document["series"][-1]["rank_ic"]
            words = chosen.quantity(Quantity(value, figure.quantity.format))
            assert page.figures[figure.key].strip() == words
            assert squeezed(words) in paper
            counts["key figures"] += 1
    counts["figure data"] = compared_figures(document, contents, plain, book)
    return counts


def expected_cells(document: dict, table: Table) -> Expected:
    """The document's values for the cells of a table that come from it."""
    keys = [column.key for column in table.columns]
    if table.key == "headline":
        return {
            (i, j): document[source][definition.key]
            for i, definition in enumerate(HEADLINE_FIGURES)
            for j, source in enumerate(HEADLINES, start=1)
        }
    if table.key not in RECORDS:
        return {}
    source, name = RECORDS[table.key]
    records = {str(record[name]): record for record in document[source]}
    cells: Expected = {}
    for i, row in enumerate(table.rows):
        record = records.get(str(row[keys.index(name)]))
        if record is not None:  # the document holds the picks of the long list alone
            cells |= {(i, j): record[key] for j, key in enumerate(keys) if key in record and key != name}
    return cells


def printed(table: Table, expected: Expected, chosen: Language) -> list[list[str]]:
    """A table's words: of the document's values where a cell comes from it, else of the table's own."""
    return [
        [
            in_words(table, i, j, expected[i, j], chosen)
            if (i, j) in expected
            else chosen.quantity(table.quantity(i, j))
            for j in range(len(table.columns))
        ]
        for i in range(len(table.rows))
    ]


def assert_stored(cell: object, value: object, shown: str) -> None:
    """Assert that a workbook's cell is the number, to the 16 digits that a workbook keeps, or else the words."""
    if value is None:
        assert cell is None
    elif isinstance(value, bool | str):
        assert cell == shown
    else:
        assert cell == float(f"{value:.16G}")


def in_words(table: Table, row: int, column: int, value: object, chosen: Language) -> str:
    """A value as the table's cell prints it."""
    own = table.quantity(row, column)
    assert isinstance(own, Quantity)
    return chosen.quantity(Quantity(value, own.format))


def compared_figures(document: dict, contents: Contents, plain: dict, book: openpyxl.Workbook) -> int:
    """Assert that the deciles' and the decay's data are the document's, in JSON and workbook; gives the count."""
    count = 0
    drawn = {f["key"]: f["rows"] for f in walk(plain) if isinstance(f, dict) and f.get("type") == "figure"}
    for figure in contents.figures():
        if figure.kind not in ("deciles", "decay") or figure.empty is not None:
            continue
        sheet = book[f"data_{figure.key}"]
        for i, (record, row) in enumerate(zip(document[figure.kind], drawn[figure.key], strict=True)):
            for j, (key, value) in enumerate(row.items(), start=1):
                assert record[key] == value
                assert_stored(sheet.cell(HEAD + 1 + i, j).value, value, str(value))
                count += 1
    return count


def walk(node: object):
    """Every part of a parsed document."""
    yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(part)


def squeezed(words: str) -> str:
    """Text without its spaces and line ends: a PDF keeps neither."""
    return re.sub(r"\s+", "", words)
