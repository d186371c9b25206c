"""The workbook, opened: every table on a sheet, numbers and dates as such, links that lead, text that stays text."""

from dataclasses import replace
from datetime import date, datetime
from io import BytesIO

import openpyxl
import polars as pl
import pytest
from made_up_edition import HOSTILE

from gangru.report.blocks import Column, Contents, Figure, Section, Table
from gangru.report.render.sheet_names import SheetNames
from gangru.report.render.xlsx import HEAD, render_xlsx

ATTACKS = (
    '=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1",
)  # fmt: skip


def opened(contents: Contents, tag: str = "en") -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(render_xlsx(contents, tag)))


def with_blocks(contents: Contents, *blocks) -> Contents:
    return replace(contents, sections=(Section("one", "One", blocks),))


def links_of(sheet) -> dict[str, str]:
    """The cells that lead somewhere, and where."""
    cells = (cell for row in sheet.iter_rows() for cell in row)
    return {cell.coordinate: cell.hyperlink.location for cell in cells if cell.hyperlink}


@pytest.fixture(scope="module")
def book(contents) -> openpyxl.Workbook:
    return opened(contents)


def test_every_table_and_every_figures_data_have_a_sheet_that_the_first_leads_to(book, contents):
    first = book.worksheets[0]
    assert first.title == "contents"
    links = links_of(first)
    assert {location.split("!")[0].strip("'") for location in links.values()} == set(book.sheetnames[1:])
    wanted = {t.key for t in contents.tables()} | {f"data_{f.key}" for f in contents.figures()}
    assert set(book.sheetnames[1:]) == wanted
    for ref, location in links.items():
        assert location == f"'{first[ref].value}'!A1"
    for sheet in book.worksheets[1:]:
        assert links_of(sheet) == {"A2": "'contents'!A1"}


def test_long_tables_have_a_filter_and_all_have_a_frozen_head(book, contents):
    for table in contents.tables():
        sheet = book[table.key]
        assert sheet.freeze_panes == f"B{HEAD + 1}"
        last = openpyxl.utils.get_column_letter(len(table.columns))
        wanted = f"A{HEAD}:{last}{HEAD + len(table.rows)}" if len(table.rows) > 8 else None
        assert sheet.auto_filter.ref == wanted


def test_the_list_is_whole(book, contents):
    table = next(t for t in contents.tables() if t.key == "long_list")
    codes = [book["long_list"].cell(HEAD + 1 + i, 2).value for i in range(len(table.rows))]
    assert codes == [row[1] for row in table.rows]
    assert len(codes) == 40


def test_numbers_are_numbers_with_their_format(book):
    sheet = book["headline"]
    rows = {sheet.cell(r, 1).value: sheet.cell(r, 2) for r in range(HEAD + 1, sheet.max_row)}
    assert (rows["IC mean"].value, rows["IC mean"].number_format) == (0.1011, "0.00%")
    assert (rows["ICIR"].value, rows["ICIR"].number_format) == (0.92, "#,##0.00")
    assert (rows["Return months"].value, rows["Return months"].number_format) == (18, "#,##0")


def test_dates_are_dates_and_months_text(book):
    edition = {r[0].value: r[1] for r in book["edition"].iter_rows(min_row=HEAD + 1)}
    assert edition["Picks as of"].value == datetime(2020, 7, 31)
    assert edition["Picks as of"].number_format == "yyyy-mm-dd"
    assert edition["Return month"].value == "2020-07"
    assert book["data_net_value"].cell(HEAD + 1, 1).value == datetime(2019, 2, 1)
    assert book["months"].cell(HEAD + 1, 1).value == "2020-07"


def test_undefined_is_an_empty_cell(book):
    column = [cell.value for cell in book["months"][HEAD]].index("Turnover") + 1
    assert book["months"].cell(HEAD + 18, column).value is None


def test_no_text_is_a_formula_wherever_it_stands(contents):
    names = (*ATTACKS, HOSTILE, "\u202eABC", "a, b")
    columns = (Column("name", ATTACKS[0]), Column("other", "Other"))
    table = Table(
        "names", ATTACKS[0], columns, tuple((name, name) for name in names), notes=names, empty=None
    )
    figure = Figure("drawn", "ic", ATTACKS[1], pl.DataFrame({ATTACKS[2]: list(names)}))
    risky = replace(
        with_blocks(contents, table, figure),
        title=ATTACKS[0],
        publisher=ATTACKS[0],
        subtitle=ATTACKS[3],
        study="s",
    )
    book = opened(risky)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert all(cell.data_type != "f" for cell in cells)
    attacked = [
        cell
        for cell in cells
        if str(cell.value).lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    ]
    assert len(attacked) >= 4 * len(ATTACKS)
    assert all(cell.quotePrefix for cell in attacked)
    assert [book["names"].cell(HEAD + 1 + i, 1).value for i in range(len(names))][:4] == list(names[:4])


def test_names_of_sheets_are_taken_once_and_fit():
    names = SheetNames()
    given = [
        names.of(key)
        for key in ("a" * 40, "a" * 40, "A" * 40, "top", "Top", "Contents", "history", "x/y[1]:*?\\", "'")
    ]
    assert len({name.casefold() for name in given}) == len(given)
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in given)
    assert given[3] == "top"


def test_two_tables_of_one_key_both_have_a_sheet(contents):
    one = Table("same", "One", (Column("a", "A"),), (("first",),))
    book = opened(with_blocks(contents, one, replace(one, rows=(("second",),))))
    assert [book[name].cell(HEAD + 1, 1).value for name in ("same", "same_2")] == ["first", "second"]


def test_columns_are_wide_enough_for_chinese(contents):
    named = Table("names", "Names", (Column("name", "名称"),), (("某某股份有限公司",), ("b",)))
    book = opened(with_blocks(contents, named), "zh")
    assert book["names"].column_dimensions["A"].width >= 18


def test_a_text_longer_than_a_cell_is_cut_where_one_sees_it(contents):
    long = Table("long", "Long", (Column("a", "A"),), (("x" * 40_000,),))
    value = opened(with_blocks(contents, long))["long"].cell(HEAD + 1, 1).value
    assert len(value) == 32_767
    assert value.endswith("…")


def test_industries_and_flags_are_in_the_language_of_the_report(contents):
    table = Table(
        "mixed", "Mixed", (Column("i", "I", "industry"), Column("f", "F", "flag"), Column("d", "D", "day")),
        (("银行", True, "2020-07-31"), (None, None, date(2020, 7, 1))),
    )  # fmt: skip
    english = [
        [c.value for c in row]
        for row in opened(with_blocks(contents, table))["mixed"].iter_rows(min_row=HEAD + 1, max_row=HEAD + 2)
    ]
    assert english == [["Banks", "yes", datetime(2020, 7, 31)], [None, None, datetime(2020, 7, 1)]]
    chinese = opened(with_blocks(contents, table), "zh")["mixed"].cell(HEAD + 1, 1).value
    assert chinese == "银行"
