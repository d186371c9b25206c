"""The monthly's tables and the figures' data as a workbook: a sheet each, numbers as numbers, dates as dates."""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal

from gangru.report.blocks import Cell, Contents, Figure, Format, Quantity, Table, Text, Words, number
from gangru.report.languages import Language, Tag, language, tags_of
from gangru.report.render.sheet_names import SheetNames
from gangru.report.render.width import digits

NUMBER_FORMATS: Mapping[Format, str] = {
    "integer": "#,##0",
    "percent": "0.00%",
    "share": "0%",
    "ratio": "#,##0.00",
    "fine": "0.0000",
    "signed": "+0.0%;-0.0%;0.0%",
    "seconds": '#,##0" s"',
}
DAY_FORMAT = "yyyy-mm-dd"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MOST_CHARACTERS = 32_767  # of a cell, Excel's own limit
FILTER_FROM = 9  # rows: a shorter table is seen whole
MAX_WIDTH = 48
HEAD = 3  # the row of the first value: caption, a link back, the heading

Style = Literal["plain", "heading", "title"]


def render_xlsx(contents: Contents, tag: Tag | None = None) -> bytes:
    """The workbook's bytes; the same contents give the same bytes.

    Text is never a formula or a link: what begins like one is marked as text, for whoever edits it too.
    """
    import xlsxwriter

    chosen = language(tag or tags_of(contents.language)[0])
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        first_day = datetime.strptime(f"{contents.month}-01", "%Y-%m-%d").replace(tzinfo=UTC)
        book.set_properties(
            {
                "title": chosen.words(contents.title),
                "author": contents.publisher,
                "created": first_day.replace(tzinfo=None),
            }
        )
        names = SheetNames()
        tables = [(names.of(table.key), table) for table in contents.tables()]
        figures = [(names.of(f"data_{f.key}"), f) for f in contents.figures() if f.empty is None]
        sheets = Sheets(book, chosen)
        front_sheet(sheets, contents, [*tables, *figures])
        for name, table in tables:
            table_sheet(sheets, name, table)
        for name, figure in figures:
            figure_sheet(sheets, name, figure)
    return buffer.getvalue()


class Sheets:
    """A workbook being filled, with the formats that its cells share."""

    def __init__(self, book: Any, chosen: Language) -> None:
        self.book = book
        self.chosen = chosen
        looks: Mapping[Style, dict[str, object]] = {
            "plain": {},
            "heading": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
            "title": {"bold": True, "font_color": "#17365d"},
        }
        self.styles = {style: book.add_format(look) for style, look in looks.items()}
        self.literals = {
            style: book.add_format(look | {"quote_prefix": True}) for style, look in looks.items()
        }
        self.link = book.add_format({"font_color": "#3f78b5", "underline": 1})
        self.day = book.add_format({"num_format": DAY_FORMAT, "align": "left"})
        self.numbers = {
            name: book.add_format({"num_format": shown}) for name, shown in NUMBER_FORMATS.items()
        }

    def write(self, sheet: Any, row: int, column: int, quantity: Quantity | Text) -> None:
        """One cell: a number with its format, a date as one, else the words; nothing where it is undefined."""
        value = None if isinstance(quantity, Text) else quantity.value
        if isinstance(quantity, Text):
            self.write_words(sheet, row, column, quantity)
        elif isinstance(value, bool) or quantity.format in ("industry", "flag"):
            if value is not None:
                self.write_words(sheet, row, column, self.chosen.quantity(quantity))
        elif isinstance(value, int | float):
            if number(value) is not None:
                sheet.write_number(row, column, value, self.numbers.get(quantity.format))
        elif (day := day_of(value, quantity.format)) is not None:
            sheet.write_datetime(row, column, day, self.day)
        elif value is not None:
            self.write_words(sheet, row, column, str(value))

    def write_words(self, sheet: Any, row: int, column: int, words: Words, style: Style = "plain") -> None:
        """Text that stays text, cut where a cell can hold no more."""
        written = self.chosen.words(words)
        if len(written) > MOST_CHARACTERS:
            written = written[: MOST_CHARACTERS - 1] + "…"
        formats = self.literals if written.startswith(FORMULA_STARTS) else self.styles
        sheet.write_string(row, column, written, formats[style])

    def write_link(self, sheet: Any, row: int, column: int, name: str) -> None:
        """The name of a sheet, leading there."""
        sheet.write_url(row, column, f"internal:'{name}'!A1", self.link, name)


def day_of(value: Cell, format_name: Format) -> date | None:
    """The date that a cell holds, None where it holds none; a month is text, as no day of it is meant."""
    if isinstance(value, date):
        return value
    whole = isinstance(value, str) and len(value) == len("YYYY-MM-DD") and format_name in ("date", "day")
    return date.fromisoformat(str(value)) if whole else None


def front_sheet(sheets: Sheets, contents: Contents, listed: Sequence[tuple[str, Table | Figure]]) -> None:
    """Title, verdict, key figures and the list of sheets, each with a link to it."""
    sheet = sheets.book.add_worksheet(SheetNames.FRONT)
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, 1, 16)
    sheet.set_column(2, 2, 70)
    sentences = [*(contents.banner.sentences if contents.banner else ()), *contents.verdict.sentences]
    sheets.write_words(sheet, 0, 0, contents.title, "title")
    row = 1
    for line in (contents.subtitle, *sentences):
        sheets.write_words(sheet, row, 0, line)
        row += 1
    row += 1
    for figure in contents.key_figures:
        sheets.write_words(sheet, row, 0, figure.label)
        sheets.write(sheet, row, 1, figure.quantity)
        sheets.write_words(sheet, row, 2, figure.detail)
        row += 1
    row += 1
    for name, exhibit in listed:
        sheets.write_link(sheet, row, 0, name)
        if exhibit.exhibit:
            sheet.write_number(row, 1, exhibit.exhibit)
        sheets.write_words(sheet, row, 2, exhibit.caption)
        row += 1


def table_sheet(sheets: Sheets, name: str, table: Table) -> None:
    """One table with its caption above and its notes below."""
    sheet = sheets.book.add_worksheet(name)
    sheets.write_words(sheet, 0, 0, table.caption, "title")
    sheets.write_link(sheet, 1, 0, SheetNames.FRONT)
    for j, column in enumerate(table.columns):
        sheets.write_words(sheet, HEAD - 1, j, column.title, "heading")
        sheet.set_column(j, j, column_width(table, j, sheets.chosen))
        for i in range(len(table.rows)):
            sheets.write(sheet, HEAD + i, j, table.quantity(i, j))
    notes = (table.empty, *table.notes) if table.empty is not None else table.notes
    for i, note in enumerate(notes):
        sheets.write_words(sheet, HEAD + 1 + len(table.rows) + i, 0, note)
    sheet.freeze_panes(HEAD, 1)
    if len(table.rows) >= FILTER_FROM:
        sheet.autofilter(HEAD - 1, 0, HEAD - 1 + len(table.rows), len(table.columns) - 1)


def column_width(table: Table, column: int, chosen: Language) -> int:
    """Wide enough for the longest of the first rows and of the heading's words, within reason."""
    shown = [chosen.quantity(table.quantity(i, column)) for i in range(min(len(table.rows), 200))]
    heading = chosen.words(table.columns[column].title).split()
    return min(MAX_WIDTH, max(10, *(2 + digits(words) for words in (*shown, *heading, ""))))


def figure_sheet(sheets: Sheets, name: str, figure: Figure) -> None:
    """A figure's data under the names of their columns."""
    sheet = sheets.book.add_worksheet(name)
    sheets.write_words(sheet, 0, 0, figure.caption, "title")
    sheets.write_link(sheet, 1, 0, SheetNames.FRONT)
    for j, column in enumerate(figure.data.columns):
        sheets.write_words(sheet, HEAD - 1, j, column, "heading")
        sheet.set_column(j, j, max(11, 2 + digits(column)))
    for i, row in enumerate(figure.data.iter_rows(), start=HEAD):
        for j, value in enumerate(row):
            sheets.write(sheet, i, j, Quantity(value, "text"))
    sheet.freeze_panes(HEAD, 1)
    if len(figure.data) >= FILTER_FROM:
        sheet.autofilter(HEAD - 1, 0, HEAD - 1 + len(figure.data), figure.data.width - 1)
