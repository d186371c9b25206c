"""Pages from templates: everything escaped, an undefined name an error, words in the reader's language."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from gangru.report.blocks import Format, Quantity, Scalar
from gangru.report.languages import Language
from gangru.serve.asked import Asked, PageError

if TYPE_CHECKING:
    from starlette.responses import Response


@cache
def templates() -> Any:
    """The templates of this package."""
    import jinja2

    loader = jinja2.PackageLoader("gangru.serve", "templates")
    made = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["segment"] = segment
    made.filters["commands"] = commands
    return made


def commands(words: str) -> Any:
    """A sentence with what stands between backticks as code; everything is escaped."""
    from markupsafe import Markup, escape

    parts = words.split("`")
    made = Markup("")
    for nth, part in enumerate(parts):
        made += Markup("<code>{}</code>").format(part) if nth % 2 and nth < len(parts) - 1 else escape(part)
    return made


def segment(value: object) -> str:
    """Data as one part of an address's path."""
    return quote(str(value), safe="")


def address(path: str, *parts: Mapping[str, object]) -> str:
    """A path with parameters; later ones win, empty ones are left out."""
    merged: dict[str, object] = {}
    for part in parts:
        merged |= part
    query = urlencode({name: value for name, value in merged.items() if value not in (None, "")})
    if not query:
        return path
    return f"{path}{'&' if '?' in path else '?'}{query}"


def say(chosen: Language) -> dict[str, Any]:
    """What every template may call to speak the reader's language."""

    def show(value: Scalar, kind: Format) -> str:
        undefined = isinstance(value, float) and value != value  # noqa: PLR0124 - NaN
        return chosen.quantity(Quantity(None if undefined else value, kind))

    return {"language": chosen, "_": chosen.gettext, "say": chosen.words, "show": show}


def page(asked: Asked, template: str, title: str, status: int = 200, **content: Any) -> "Response":
    """A page; `coming` in its content means that a part is still being made, and that it asks for itself again."""
    from starlette.responses import HTMLResponse

    fixed, coming = dict(asked.fixed), bool(content.pop("coming", False))
    here = asked.request.url.path
    now = dict(asked.request.query_params)
    html = (
        templates()
        .get_template(template)
        .render(
            **say(asked.language),
            title=title,
            study=asked.study.name,
            studies=asked.desk.names(),
            q=content.pop("q", ""),
            coming=coming,
            link=lambda path, **more: address(path, fixed, more),
            again=lambda **more: address(here, now, more),
            fixed=fixed,
            **content,
        )
    )
    return HTMLResponse(html, status, {"cache-control": "no-store"} if coming else None)


def error_page(chosen: Language, error: PageError) -> "Response":
    """What is wrong, and what would be right."""
    from starlette.responses import HTMLResponse

    html = (
        templates()
        .get_template("error.html.j2")
        .render(
            **say(chosen),
            title=chosen.gettext("Not found")
            if error.status == 404
            else chosen.gettext("This cannot be shown"),
            what=chosen.words(error.what),
            instead=[(chosen.words(words), where) for words, where in error.instead],
            study=None,
            studies=[],
            q="",
            coming=False,
            fixed={},
            link=lambda path, **more: address(path, more),
            again=lambda **more: address("/", more),
        )
    )
    return HTMLResponse(html, error.status)


def asset(name: str) -> bytes:
    """A file of the assets folder."""
    return (files("gangru.serve") / "assets" / name).read_bytes()
