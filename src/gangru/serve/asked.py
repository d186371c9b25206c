"""What a request asks for, checked; and the errors of a page that cannot be shown."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from gangru.report.blocks import Words, text, verbatim
from gangru.report.languages import Language, language
from gangru.serve.desk import Desk
from gangru.serve.studies import Study

if TYPE_CHECKING:
    from starlette.requests import Request

    from gangru.serve.factors import FactorBook

NEAREST = 3  # factor dates offered on each side of one that is none
PLAIN = re.compile(r"[^\x00-\x1f\x7f]{0,200}")


@dataclass
class PageError(Exception):
    """Something asked for that cannot be shown: the status, what is wrong, and what would be right, with addresses."""

    status: int
    what: Words
    instead: tuple[tuple[Words, str], ...] = ()


@dataclass(frozen=True)
class Asked:
    """One request: the desk, the study and the language it is for, and its parameters."""

    request: "Request"
    desk: Desk
    study: Study
    language: Language
    fixed: tuple[tuple[str, str], ...]  # study and language where the address names them: links keep them

    def parameter(self, name: str, default: str = "") -> str:
        """A parameter as it came. Raises PageError where it is given twice, is too long or has control characters."""
        given = self.request.query_params.getlist(name)
        if len(given) > 1:
            raise PageError(400, text("{name} is given more than once.", name=verbatim(name)))
        value = given[0] if given else default
        if not PLAIN.fullmatch(value):
            raise PageError(400, text("{name} is too long or has control characters.", name=verbatim(name)))
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """A parameter that is one of the choices; the first is the default."""
        value = self.parameter(name, choices[0])
        if value not in choices:
            raise PageError(
                400,
                text(
                    "{name} = {value}: expected one of {choices}.",
                    name=verbatim(name),
                    value=verbatim(value),
                    choices=verbatim(", ".join(choices)),
                ),
            )
        return value

    def page(self, pages: int) -> int:
        """The number of the page, 1 to `pages`."""
        value = self.parameter("page", "1")
        if not re.fullmatch(r"[0-9]{1,9}", value) or not 1 <= int(value) <= pages:
            raise PageError(
                400 if not re.fullmatch(r"[0-9]{1,9}", value) else 404,
                text(
                    "There is no page {value}: pages run from 1 to {last}.",
                    value=verbatim(value),
                    last=verbatim(pages),
                ),
            )
        return int(value)

    def book(self) -> "FactorBook":
        """The study's factor. Raises PageError where it has none."""
        from gangru.serve.factors import factor_book

        book = factor_book(self.study)
        if book is None or not book.dates:
            raise PageError(
                404,
                text(
                    "Study {study} has no factor yet: `gangru run` or `gangru factor` makes it.",
                    study=verbatim(self.study.name),
                ),
                ((text("All studies"), "/"),),
            )
        return book

    def factor_date(self, value: str, book: "FactorBook", path: str) -> date:
        """A factor date. Raises PageError for any other, with the nearest ones on the page at `path`.

        Where the path has {day} the date is a part of it, else a parameter.
        """
        day = iso_day(value)
        newest = self.dated(reversed(book.dates[-NEAREST:]), path)
        if day is None:
            what = text("{value} is no date: expected YYYY-MM-DD.", value=verbatim(value))
            raise PageError(400, what, newest)
        if day not in book.dates:
            before = [d for d in book.dates if d < day][-NEAREST:]
            after = [d for d in book.dates if d > day][:NEAREST]
            near = self.dated((*before, *after), path)
            what = text(
                "{value} is no factor date of study {study}; the nearest are:",
                value=verbatim(day),
                study=verbatim(self.study.name),
            )
            raise PageError(404, what, near)
        return day

    def dated(self, days: Iterable[date], path: str) -> tuple[tuple[Words, str], ...]:
        """Dates with their addresses; study and language are kept."""
        from gangru.serve.render import address

        fixed = dict(self.fixed)
        if "{day}" in path:
            return tuple((str(day), address(path.replace("{day}", str(day)), fixed)) for day in days)
        return tuple((str(day), address(path, fixed, {"date": day})) for day in days)


def iso_day(value: str) -> date | None:
    """A date written YYYY-MM-DD; None for anything else."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def asked_of(request: "Request") -> Asked:
    """The request with its study and language. Raises PageError for a study or language that is none."""
    desk: Desk = request.app.state.desk
    fixed = []
    names = desk.names()
    name = request.query_params.get("study")
    if name is not None:
        fixed.append(("study", name))
        if name not in names:
            near = tuple((n, f"/?study={n}") for n in names[:8])
            what = text("There is no study {value} here; there are:", value=verbatim(name[:80]))
            raise PageError(404, what, near)
    study = desk.study(name or desk.default())
    tag = request.query_params.get("lang")
    if tag is not None:
        if tag not in ("zh", "en"):
            what = text(
                "{name} = {value}: expected one of {choices}.",
                name=verbatim("lang"),
                value=verbatim(tag[:80]),
                choices=verbatim("zh, en"),
            )
            raise PageError(400, what)
        fixed.append(("lang", tag))
    return Asked(request, desk, study, page_language(study, tag), tuple(fixed))


def spoken(request: "Request") -> Language:
    """The language of an error's page: the one asked for, else the opened study's."""
    tag = request.query_params.get("lang")
    desk: Desk = request.app.state.desk
    return page_language(desk.study(desk.default()), tag if tag in ("zh", "en") else None)


def page_language(study: Study, tag: str | None) -> Language:
    """The language asked for; else the study's report's, Chinese where that is in both or cannot be told."""
    from gangru.errors import GangruError

    if tag is None:
        try:
            tag = study.workspace.settings.report.language
        except (GangruError, OSError):
            tag = "en"
    return language("en" if tag == "en" else "zh")
