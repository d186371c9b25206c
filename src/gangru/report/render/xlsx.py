"""The monthly's tables and the figures' data as a workbook: a sheet each, numbers as numbers."""

import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from gangru.report.blocks import Contents, Figure, Format, Quantity, Table, Text, number
from gangru.report.languages import Language, Tag, language, tags_of

NUMBER_FORMATS: Mapping[Format, str] = {
    "integer": "#,##0",
    "percent": "0.00%",
    "share": "0%",
    "ratio": "0.00",
    "fine": "0.0000",
    "signed": "+0.0%;-0.0%;0.0%",
    "seconds": "#,##0",
}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MAX_WIDTH = 48


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
            {"title": chosen.words(contents.title), "created": first_day.replace(tzinfo=None)}
        )
        sheets = Sheets(book)
        front_sheet(sheets, contents, chosen)
        for table in contents.tables():
            table_sheet(sheets, table, chosen)
        for section in contents.sections:
            for block in section.blocks:
                if isinstance(block, Figure) and block.empty is None:
                    figure_sheet(sheets, block)
    return buffer.getvalue()


class Sheets:
    """A workbook being filled, with the formats that its cells share."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.title = book.add_format({"bold": True, "font_color": "#17365d"})
        self.literal = book.add_format({"quote_prefix": True})
        self.numbers = {
            name: book.add_format({"num_format": shown}) for name, shown in NUMBER_FORMATS.items()
        }

    def add(self, name: str) -> Any:
        """A new sheet; its name is the table's key."""
        return self.book.add_worksheet(name[:31])

    def write(
        self, sheet: Any, row: int, column: int, quantity: Quantity, chosen: Language | None = None
    ) -> None:
        """One cell: a number with its format, anything else as text; nothing where it is undefined."""
        value = quantity.value
        if isinstance(value, bool):
            shown = str(value) if chosen is None else chosen.quantity(quantity)
            sheet.write_string(row, column, shown)
        elif isinstance(value, int | float):
            if number(value) is not None:
                sheet.write_number(row, column, value, self.numbers.get(quantity.format))
        elif value is not None:
            self.write_text(sheet, row, column, str(value))

    def write_text(self, sheet: Any, row: int, column: int, words: str) -> None:
        """Text that stays text."""
        sheet.write_string(row, column, words, self.literal if words.startswith(FORMULA_STARTS) else None)


def front_sheet(sheets: Sheets, contents: Contents, chosen: Language) -> None:
    """Title, verdict and the list of sheets."""
    sheet = sheets.add("contents")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    lines = [chosen.words(contents.title), chosen.words(contents.subtitle)]
    lines += [chosen.words(sentence) for sentence in (contents.banner.sentences if contents.banner else ())]
    lines += [chosen.words(sentence) for sentence in contents.verdict.sentences]
    for row, line in enumerate(lines):
        sheets.write_text(sheet, row, 0, line)
    for row, table in enumerate(contents.tables(), start=len(lines) + 1):
        sheets.write_text(sheet, row, 0, table.key)
        sheets.write_text(sheet, row, 1, chosen.words(table.caption))


def table_sheet(sheets: Sheets, table: Table, chosen: Language) -> None:
    """One table with its caption above and its notes below."""
    sheet = sheets.add(table.key)
    sheet.write_string(0, 0, chosen.words(table.caption), sheets.title)
    for j, column in enumerate(table.columns):
        sheet.write_string(2, j, chosen.words(column.title), sheets.heading)
    for i, row in enumerate(table.rows):
        for j in range(len(row)):
            quantity = table.quantity(i, j)
            if isinstance(quantity, Text):
                sheets.write_text(sheet, 3 + i, j, chosen.words(quantity))
            else:
                sheets.write(sheet, 3 + i, j, quantity, chosen)
    notes = (table.empty, *table.notes) if table.empty is not None else table.notes
    for i, note in enumerate(notes):
        sheets.write_text(sheet, 4 + len(table.rows) + i, 0, chosen.words(note))
    sheet.freeze_panes(3, 1)
    for j in range(len(table.columns)):
        sheet.set_column(j, j, column_width(table, j, chosen))


def column_width(table: Table, column: int, chosen: Language) -> int:
    """Wide enough for the longest of the first rows, within reason."""
    shown = [chosen.quantity(table.quantity(i, column)) for i in range(min(len(table.rows), 200))]
    return min(MAX_WIDTH, max(10, 2 + max((len(words) for words in shown), default=0)))


def figure_sheet(sheets: Sheets, figure: Figure) -> None:
    """A figure's data under the names of their columns."""
    sheet = sheets.add(f"data_{figure.key}")
    for j, name in enumerate(figure.data.columns):
        sheet.write_string(0, j, name, sheets.heading)
    for i, row in enumerate(figure.data.iter_rows(), start=1):
        for j, value in enumerate(row):
            shown = value.isoformat() if isinstance(value, date) else value
            sheets.write(sheet, i, j, Quantity(shown, "text"))
    sheet.freeze_panes(1, 1)
