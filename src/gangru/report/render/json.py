"""The monthly's contents as JSON: the same figures and sentences as the page, numbers as numbers.

`gangru.report.render.schema` says what it holds; a test keeps the two together.
"""

import json
from collections.abc import Sequence
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
    Words,
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
        "front": [block_document(table, chosen) for table in contents.front],
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
            return figure_document(block, chosen)
        case Row():
            return {"type": "row", "tables": [table_document(table, chosen) for table in block.tables]}
        case Callout():
            return {"type": "callout", "tone": block.tone, "sentences": sentences(block.sentences, chosen)}
        case Prose():
            return {
                "type": "prose",
                "bullets": block.bullets,
                "sentences": sentences(block.sentences, chosen),
            }
        case Diagram():
            return {
                "type": "diagram",
                "exhibit": block.exhibit,
                "caption": chosen.words(block.caption),
                "generator": block.generator,
                "days": block.days,
                "features": block.features,
                "layers": block.layers,
            }


def table_document(table: Table, chosen: Language) -> dict[str, Any]:
    """A table: its columns, and its rows as lists in their order; `formats` is a format a row, or null."""
    return {
        "type": "table",
        "key": table.key,
        "exhibit": table.exhibit,
        "caption": chosen.words(table.caption),
        "columns": [
            {"key": c.key, "title": chosen.words(c.title), "format": c.format} for c in table.columns
        ],
        "rows": [[plain(value, chosen) for value in row] for row in table.rows],
        "formats": None if table.formats is None else list(table.formats),
        "marked": sorted(table.marked),
        "look": table.look,
        "notes": sentences(table.notes, chosen),
        "undefined": chosen.words(table.undefined) if table.has_undefined else None,
        "empty": None if table.empty is None else chosen.words(table.empty),
    }


def figure_document(figure: Figure, chosen: Language) -> dict[str, Any]:
    """A chart: the rows that it is drawn from, the position and the level that it points out."""
    return {
        "type": "figure",
        "key": figure.key,
        "kind": figure.kind,
        "exhibit": figure.exhibit,
        "caption": chosen.words(figure.caption),
        "rows": [
            {name: plain(value, chosen) for name, value in row.items()}
            for row in figure.data.iter_rows(named=True)
        ],
        "mark": plain(figure.mark, chosen),
        "level": plain(figure.level, chosen),
        "notes": sentences(figure.notes, chosen),
        "empty": None if figure.empty is None else chosen.words(figure.empty),
    }


def sentences(words: Sequence[Words], chosen: Language) -> list[str]:
    """Sentences in a language."""
    return [chosen.words(sentence) for sentence in words]


def plain(value: object, chosen: Language) -> object:
    """A value as JSON can hold it."""
    if isinstance(value, Text):
        return chosen.words(value)
    if isinstance(value, date):
        return value.isoformat()
    return number(value) if isinstance(value, float) else value
