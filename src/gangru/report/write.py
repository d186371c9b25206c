"""Write the monthly's files, each whole or not at all."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from gangru.atomic import write_bytes
from gangru.errors import ReportError
from gangru.report.blocks import Contents
from gangru.report.render.html import render_html
from gangru.report.render.json import render_json
from gangru.report.render.xlsx import render_xlsx
from gangru.report.settings import ReportSettings

Rendering = Callable[[], bytes]


def write_report(contents: Contents, directory: Path, settings: ReportSettings) -> list[Path]:
    """Write `directory`/STUDY/YYYY-MM.html and its companions; gives their paths in the order of `formats`.

    `directory` is the workspace's `reports/`. Everything is rendered before anything is written; a file takes
    its name once it is whole. Raises ReportError for an unknown format or a study that is no file name.
    """
    if contents.study in ("", ".", "..") or Path(contents.study).name != contents.study:
        raise ReportError(f"study {contents.study!r} cannot name a folder: expected a plain name")
    rendered = {name: render() for name, render in renderings(contents, settings).items()}
    folder = directory / contents.study
    return [written(folder / name, content) for name, content in rendered.items()]


def renderings(contents: Contents, settings: ReportSettings) -> dict[str, Rendering]:
    """File name → what renders it, in the order of `formats`; nothing is rendered yet."""
    return {
        f"{contents.month}.{name}": partial(rendered_as, name, contents, settings)
        for name in settings.formats
    }


def rendered_as(name: str, contents: Contents, settings: ReportSettings) -> bytes:
    """The contents in one format."""
    match name:
        case "html":
            return render_html(contents, settings.language, static_charts=settings.static_charts).encode()
        case "json":
            return render_json(contents, settings.language).encode()
        case "xlsx":
            return render_xlsx(contents, settings.language)
        case _:
            raise ReportError(f"report.formats has {name!r}: expected html, json or xlsx")


def written(path: Path, content: bytes) -> Path:
    """Write the file whole, and give its path."""
    write_bytes(path, content)
    return path
