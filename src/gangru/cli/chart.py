"""The command chart: any chart of an edition as a file of its own."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gangru.cli.answers import answer, line
from gangru.cli.options import Directory, Json, Month, Study, workspace_of

if TYPE_CHECKING:
    from gangru.report.charts.single import Named
    from gangru.report.languages import Language, Tag


class Picture(StrEnum):
    """Formats of a picture."""

    SVG = "svg"
    PNG = "png"


class Tongue(StrEnum):
    """Languages of a picture."""

    EN = "en"
    ZH = "zh"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "chart",
        epilog="Examples:  gangru chart --list   ·   gangru chart net_value   ·   "
        "gangru chart net_value-drawdown --month 2020-06 --format png   ·   "
        "gangru chart ic --lang zh --width 1200 --out ic.svg",
    )(chart)


def chart(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Which chart; --list names them.", show_default=False),
    ] = None,
    directory: Directory = None,
    study: Study = "main",
    month: Month = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Print the names and captions of all charts.")
    ] = False,
    picture: Annotated[
        Picture | None,
        typer.Option(
            "--format", help="svg or png; default the ending of --out, else svg.", show_default=False
        ),
    ] = None,
    lang: Annotated[
        Tongue | None,
        typer.Option("--lang", help="Language of the words; default that of the report.", show_default=False),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            "--width", metavar="PIXELS", min=120, max=4000, help="Width of a panel; PNG has twice as many."
        ),
    ] = None,
    target: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to write; default STUDY-MONTH-NAME.svg here."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write one chart of a month's edition as SVG or PNG, on white, under its caption.

    A figure of several panels is one sheet; NAME-PANEL is one panel of it.
    """
    if (name is None) != listed:
        raise typer.BadParameter("give the name of a chart, or --list for the names", param_hint="NAME")
    chosen_format = picture or ending(target)
    workspace = workspace_of(directory, study)

    # Loading these takes seconds: what is wrong with the options is told before.
    from gangru.atomic import write_bytes
    from gangru.cli.screen import step
    from gangru.report.charts.single import chart_picture, charts_of
    from gangru.report.languages import language, tags_of
    from gangru.study.edition_contents import edition_contents, evaluated_month
    from gangru.study.factor_table import read_factor
    from gangru.study.inputs import load_inputs

    made = read_factor(workspace)
    with step("reading the market"):
        inputs = load_inputs(workspace)
    with step("evaluating"):
        evaluation = evaluated_month(inputs, made, month)
        contents = edition_contents(inputs, made, evaluation, workspace.settings.report)
    tag: Tag = lang.value if lang else tags_of(contents.language)[0]
    words = language(tag)
    if name is None:
        charts = charts_of(contents, words)
        known = [{"name": one.name, "caption": words.words(one.figure.caption)} for one in charts]
        answer({"charts": known}, lambda: print_names(charts, words), as_json=as_json)
        return
    content = chart_picture(contents, name, words, chosen_format.value, width)
    path = target or Path(f"{contents.study}-{contents.month}-{name}.{chosen_format.value}")
    write_bytes(path, content)
    answer({"written": path}, line(str(path)), as_json=as_json)


def ending(target: Path | None) -> Picture:
    """The format that a file's name asks for, SVG where it asks for none."""
    asked = "" if target is None else target.suffix.removeprefix(".").lower()
    if asked in ("", *Picture):
        return Picture(asked or "svg")
    raise typer.BadParameter(f"{target}: a chart is written as .svg or .png", param_hint="--out")


def print_names(charts: "list[Named]", words: "Language") -> None:
    """One line a chart: its name, its caption, and that it is empty where it is."""
    broad = max((len(chart.name) for chart in charts), default=0)
    for one in charts:
        empty = "" if one.figure.empty is None else f"  ({words.words(one.figure.empty)})"
        caption = words.words(one.figure.caption) if one.panel is None else f"… {one.panel}"
        typer.echo(f"{one.name:{broad}}  {caption}{empty}")
