"""The monthly's contents as JSON: the same figures and sentences as the page, numbers as numbers."""

import json
from datetime import date
from typing import Any

from gangru.report.blocks import (
    Block,
    Callout,
    Contents,
    Diagram,
    Figure,
    Prose,
    Row,
    Table,
    Text,
    number,
)
from gangru.report.languages import Language, Tag, language, tags_of

SCHEMA_VERSION = 1


def render_json(contents: Contents, tag: Tag | None = None) -> str:
    """The contents as one object; fractions, not percents; undefined is null."""
    chosen = language(tag or tags_of(contents.language)[0])
    return json.dumps(document(contents, chosen), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def document(contents: Contents, chosen: Language) -> dict[str, Any]:
    """The contents as plain dicts, lists, text and numbers."""
    return {
        "schema_version": SCHEMA_VERSION,
        "study": contents.study,
        "month": contents.month,
        "language": chosen.tag,
        "title": chosen.words(contents.title),
        "subtitle": chosen.words(contents.subtitle),
        "publisher": contents.publisher,
        "generated_at": contents.generated_at,
        "banner": None if contents.banner is None else block_document(contents.banner, chosen),
        "verdict": block_document(contents.verdict, chosen),
        "edition": block_document(contents.edition, chosen),
        "key_figures": [
            {
                "key": figure.key,
                "label": chosen.words(figure.label),
                "value": plain(figure.quantity.value, chosen),
                "format": figure.quantity.format,
                "detail": chosen.words(figure.detail),
            }
            for figure in contents.key_figures
        ],
        "sections": [
            {
                "key": section.key,
                "title": chosen.words(section.title),
                "blocks": [block_document(block, chosen) for block in section.blocks],
            }
            for section in contents.sections
        ],
    }


def block_document(block: Block, chosen: Language) -> dict[str, Any]:
    """One block as plain data, told apart by its `type`."""
    match block:
        case Table():
            return table_document(block, chosen)
        case Figure():
            return {
                "type": "figure",
                "key": block.key,
                "exhibit": block.exhibit,
                "caption": chosen.words(block.caption),
                "rows": [
                    {name: plain(value, chosen) for name, value in row.items()}
                    for row in block.data.iter_rows(named=True)
                ],
                "notes": [chosen.words(note) for note in block.notes],
                "empty": None if block.empty is None else chosen.words(block.empty),
            }
        case Row():
            return {"type": "row", "tables": [table_document(table, chosen) for table in block.tables]}
        case Callout():
            sentences = [chosen.words(sentence) for sentence in block.sentences]
            return {"type": "callout", "tone": block.tone, "sentences": sentences}
        case Prose():
            return {"type": "prose", "sentences": [chosen.words(sentence) for sentence in block.sentences]}
        case Diagram():
            return {"type": "diagram", "exhibit": block.exhibit, "generator": block.generator}


def table_document(table: Table, chosen: Language) -> dict[str, Any]:
    """A table: its columns, and its rows as lists in their order."""
    return {
        "type": "table",
        "key": table.key,
        "exhibit": table.exhibit,
        "caption": chosen.words(table.caption),
        "columns": [
            {"key": c.key, "title": chosen.words(c.title), "format": c.format} for c in table.columns
        ],
        "rows": [[plain(value, chosen) for value in row] for row in table.rows],
        "notes": [chosen.words(note) for note in table.notes],
        "empty": None if table.empty is None else chosen.words(table.empty),
    }


def plain(value: object, chosen: Language) -> object:
    """A value as JSON can hold it."""
    if isinstance(value, Text):
        return chosen.words(value)
    if isinstance(value, date):
        return value.isoformat()
    return number(value) if isinstance(value, float) else value
