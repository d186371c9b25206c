"""The JSON Schema of the monthly's JSON: what `gangru.report.render.json` writes, and nothing else.

`python -m gangru.report.render.schema` prints it; `docs/report.schema.json` is that output.
"""

import json
import sys
from typing import Any, get_args, get_type_hints

from gangru.report.blocks import Callout, ChartKind, Format, Table
from gangru.report.languages import Tag
from gangru.report.render.json import SCHEMA_VERSION

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
COUNT: Schema = {"type": "integer", "minimum": 0}
SENTENCES: Schema = {"type": "array", "items": TEXT}


def report_schema() -> Schema:
    """The schema as a plain object, JSON Schema draft 2020-12; every object is closed and every key is required."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The monthly of gangru",
        "description": "All that an edition says: fractions, not percents; what is not defined is null.",
        **closed(
            schema_version={"const": SCHEMA_VERSION},
            study=TEXT,
            month={"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"},
            language={"enum": list(get_args(Tag))},
            title=TEXT,
            subtitle=TEXT,
            publisher=TEXT,
            generated_at=TEXT_OR_NULL,
            banner={"oneOf": [reference("callout"), {"type": "null"}]},
            verdict=reference("callout"),
            edition=reference("table"),
            key_figures=array(reference("key_figure")),
            front=array(reference("table")),
            sections=array(reference("section")),
        ),
        "$defs": definitions(),
    }


def definitions() -> dict[str, Schema]:
    """The parts: a section, each kind of block, the cells."""
    blocks = ("table", "figure", "row", "callout", "prose", "diagram")
    return {
        "cell": {"type": ["string", "number", "boolean", "null"]},
        "format": {"enum": list(get_args(Format))},
        "key_figure": closed(
            key=TEXT, label=TEXT, value=reference("cell"), format=reference("format"), detail=TEXT
        ),
        "section": closed(
            key=TEXT, title=TEXT, blocks=array({"oneOf": [reference(name) for name in blocks]})
        ),
        "column": closed(key=TEXT, title=TEXT, format=reference("format")),
        "table": closed(
            type={"const": "table"},
            key=TEXT,
            exhibit=COUNT,
            caption=TEXT,
            columns=array(reference("column")),
            rows=array(array(reference("cell"))),
            formats={"oneOf": [array(reference("format")), {"type": "null"}]},
            marked=array(COUNT),
            look={"enum": choices(Table, "look")},
            notes=SENTENCES,
            undefined=TEXT_OR_NULL,
            empty=TEXT_OR_NULL,
        ),
        "figure": closed(
            type={"const": "figure"},
            key=TEXT,
            kind={"enum": list(get_args(ChartKind))},
            exhibit=COUNT,
            caption=TEXT,
            rows=array({"type": "object", "additionalProperties": reference("cell")}),
            mark=NUMBER_OR_NULL,
            level=NUMBER_OR_NULL,
            notes=SENTENCES,
            empty=TEXT_OR_NULL,
        ),
        "row": closed(type={"const": "row"}, tables=array(reference("table"))),
        "callout": closed(
            type={"const": "callout"}, tone={"enum": choices(Callout, "tone")}, sentences=SENTENCES
        ),
        "prose": closed(type={"const": "prose"}, bullets={"type": "boolean"}, sentences=SENTENCES),
        "diagram": closed(
            type={"const": "diagram"},
            exhibit=COUNT,
            caption=TEXT,
            generator=TEXT,
            days=COUNT,
            features=COUNT,
            layers=COUNT,
        ),
    }


def closed(**properties: Schema) -> Schema:
    """An object of exactly these keys."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def array(items: Schema) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": items}


def reference(name: str) -> Schema:
    """A part by its name."""
    return {"$ref": f"#/$defs/{name}"}


def choices(holder: type, attribute: str) -> list[str]:
    """The values that an attribute of a block may have."""
    return list(get_args(get_type_hints(holder)[attribute]))


def written() -> str:
    """The schema as the file holds it."""
    return json.dumps(report_schema(), indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(written())
