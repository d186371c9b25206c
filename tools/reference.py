"""The reference pages that are made from the code: `python tools/reference.py` writes them, `--check` compares.

docs/reference/commands.md    every command with its arguments, options and examples
docs/reference/settings.md    every setting of study.toml: sentence, unit, default, range or choices
docs/reference/series.md      the catalogue of daily series
docs/reference/checks.md      the rules of `gangru check`
docs/reference/store.md       the tables of the store and their columns
"""

import dataclasses
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup

from gangru.cli.app import app
from gangru.features.catalogue import CATALOGUE
from gangru.market.check.check import FAMILIES
from gangru.market.schema import TABLES
from gangru.study.settings import default_of, section_types, toml_value

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
MADE = "<!-- Made by tools/reference.py from the code: change it there. -->\n\n"
NO_UNITS = "–"


def cell(text: str) -> str:
    """A text that may stand in a cell."""
    return " ".join(text.split()).replace("|", "\\|")


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(map(cell, row))} |" for row in rows)]) + "\n"


def settings_page() -> str:
    """Every section of study.toml as a table."""
    parts = [
        "# Settings\n",
        "`gangru init DIR` writes them all, commented, to `study.toml`. `--set SECTION.KEY=VALUE` makes a variant.\n",
    ]
    for name, kind in section_types().items():
        hints = typing.get_type_hints(kind)
        rows = [
            (
                f"`{field.name}`",
                field.metadata["doc"],
                field.metadata["unit"] or NO_UNITS,
                code(default_of(field)),
                allowed(field, hints[field.name]),
            )
            for field in dataclasses.fields(kind)
        ]
        parts.append(
            f"## [{name}]\n\n" + table(("setting", "what it is", "unit", "default", "allowed"), rows)
        )
    return "\n".join(parts)


def code(value: Any) -> str:
    """A default as it is written in TOML."""
    return "none" if value is None else f"`{toml_value(value)}`"


def allowed(field: "dataclasses.Field[Any]", hint: Any) -> str:
    """A setting's choices or range, else its type in words."""
    meta = field.metadata
    bounds = [
        f"{sign} {meta[key]}"
        for key, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"))
        if meta[key] is not None
    ]
    return ", ".join(bounds) or in_words(hint)


def in_words(hint: Any) -> str:
    """A type as a person says it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return ", ".join(f"`{toml_value(choice)}`" for choice in arguments)
    if origin is tuple:
        return (
            f"list of {in_words(arguments[0])}"
            if arguments[-1] is Ellipsis
            else f"{len(arguments)} of {in_words(arguments[0])}"
        )
    if origin is dict:
        return f"table of {in_words(arguments[1])}"
    if arguments:  # a union with None
        return " or ".join(in_words(one) for one in arguments if one is not type(None)) + ", or none"
    return {bool: "true, false", int: "whole number", float: "number", str: "text"}.get(hint, "")


def commands_page() -> str:
    """Every command, in the order of `gangru --help`."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    parts = [
        "# Commands\n",
        "Each takes `--help`. Exit status: 0 done, 1 a failure with a message, 2 wrong usage.\n",
    ]
    parts += [command_text(name, command) for name, command in walked(root, "gangru")]
    return "\n".join(parts)


def walked(group: TyperGroup, before: str) -> Iterator[tuple[str, TyperCommand]]:
    """The commands of a group, those of its groups within."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from walked(command, f"{before} {name}")
        else:
            yield f"{before} {name}", command


def command_text(name: str, command: TyperCommand) -> str:
    """One command: what it does, how it is called, its options, examples."""
    context = typer.Context(command, info_name=name)
    usage = " ".join([name, *command.collect_usage_pieces(context)]).translate(
        {ord("{"): None, ord("}"): None}
    )
    rows = [row for parameter in command.params if (row := parameter_row(parameter, context))]
    parts = [f"## {name}\n", f"```\n{usage}\n```\n", command.help or "", ""]
    if rows:
        parts.append(table(("", "what it is"), rows))
    if command.epilog:
        examples = [
            line.strip()
            for line in command.epilog.replace("Examples:", "").replace("   ·   ", "\n").splitlines()
        ]
        parts.append("```\n" + "\n".join(line for line in examples if line) + "\n```\n")
    return "\n".join(parts)


def parameter_row(parameter: Any, context: typer.Context) -> tuple[str, str] | None:
    """An argument or an option with its sentence; none for what is hidden and for --help."""
    record = parameter.get_help_record(context)
    if record is None or "--help" in parameter.opts:
        return None
    return f"`{record[0]}`", record[1]


def series_page() -> str:
    """The daily series."""
    rows = [
        (f"`{f.name}`", f.formula, f.unit, ", ".join(f.needs), {"carry": "last value", "zero": "0"}[f.gap])
        for f in CATALOGUE.values()
    ]
    return (
        "# Daily series\n\n`features.names` chooses among them; [your own](../extend.md#a-series) go beside them.\n\n"
        + table(("series", "formula", "unit", "needs", "on a day without trading"), rows)
    )


def checks_page() -> str:
    """The rules of the check by family."""
    parts = ["# Checks of the data\n", "[What they are for](../check.md), and how to act on them.\n"]
    for family, rules in FAMILIES.items():
        rows = [(f"`{rule.name}`", rule.severity, rule.title, rule.advice) for rule in rules]
        parts.append(f"## {family}\n\n" + table(("rule", "severity", "what is counted", "what to do"), rows))
    return "\n".join(parts)


def store_page() -> str:
    """The store's tables."""
    parts = [
        "# Tables of the store\n",
        "Delta tables; prices in yuan as they were, volumes in shares, amounts in yuan. [The store](../store.md).\n",
    ]
    for name, schema in TABLES.items():
        rows = [
            (f"`{column}`", str(kind), "key" if column in schema.key else "")
            for column, kind in schema.columns.items()
        ]
        parts.append(f"## {name}\n\n" + table(("column", "type", ""), rows))
    return "\n".join(parts)


PAGES = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "series.md": series_page,
    "checks.md": checks_page,
    "store.md": store_page,
}


def main() -> int:
    """Write the pages, or say which are not what the code says."""
    stale = []
    for name, page in PAGES.items():
        text, path = MADE + page(), FOLDER / name
        if "--check" in sys.argv[1:]:
            stale += [name] * (not path.exists() or path.read_text("utf-8") != text)
        else:
            path.write_text(text, "utf-8")
    if stale:
        sys.stderr.write(f"{', '.join(stale)}: run python tools/reference.py\n")
    return len(stale)


if __name__ == "__main__":
    sys.exit(main())
