"""Options that several commands share, and how a command finds its workspace."""

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from gangru.study.settings import EngineChoice
    from gangru.study.workspace import Workspace

Directory = Annotated[
    Path | None, typer.Option("-C", "--directory", metavar="DIR", help="Act in DIR instead of here.")
]
Study = Annotated[
    str, typer.Option("--study", metavar="NAME", help="Which set of settings; main is study.toml itself.")
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="SECTION.KEY=VALUE", help="Change a setting of the study; remembered for its name."
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(
        "--preset", metavar="NAME", help="Named settings (`gangru presets`); --set changes them further."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
Month = Annotated[
    str | None,
    typer.Option("--month", metavar="YYYY-MM", help="Return month; default the last that is known."),
]
Lang = Annotated[
    Literal["zh", "en", "both"] | None,
    typer.Option("--lang", metavar="zh|en|both", help="Language of the text; default report.language."),
]

Engine = Annotated[
    Literal["local", "ray"] | None,
    typer.Option("--engine", metavar="local|ray", help="What trains this time; default training.engine."),
]
Address = Annotated[
    str | None,
    typer.Option("--address", metavar="HOST:PORT", help="Head of the Ray cluster; default ray.address."),
]


def workspace_of(
    directory: Path | None, study: str = "main", changes: list[str] | None = None, preset: str | None = None
) -> "Workspace":
    """The workspace a command acts on."""
    from gangru.study.workspace import open_workspace

    return open_workspace(directory or Path(), study, overrides(changes, preset))


def engine_choice(engine: Literal["local", "ray"] | None, address: str | None) -> "EngineChoice":
    """What --engine and --address say."""
    from gangru.study.settings import EngineChoice

    return EngineChoice(engine or "", address or "")


def overrides(changes: list[str] | None, preset: str | None = None, option: str = "--set") -> dict[str, Any]:
    """A preset's settings, then SECTION.KEY=VALUE pairs; a value that is no JSON is taken as text."""
    from gangru.study.presets import preset_changes

    pairs: dict[str, Any] = preset_changes(preset)
    for change in changes or []:
        name, equals, value = change.partition("=")
        if not equals:
            raise typer.BadParameter(f"{change!r}: expected SECTION.KEY=VALUE", param_hint=option)
        try:
            pairs[name.strip()] = json.loads(value)
        except json.JSONDecodeError:
            pairs[name.strip()] = value
    return pairs


def day_of(option: str, text: str | None) -> date | None:
    """A day from the command line; raises typer.BadParameter naming the option for what is none."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r}: expected a day as 2020-01-31", param_hint=option) from None


def listed(text: str | None) -> tuple[str, ...]:
    """The parts of a text that commas separate; none where none was given."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
