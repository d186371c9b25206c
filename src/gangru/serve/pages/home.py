"""The first page: editions with their files, studies with their figures; what is missing says how to get it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gangru.errors import InputError
from gangru.report.blocks import Text, text, verbatim
from gangru.report.definitions import HEADLINE_FIGURES
from gangru.serve.asked import asked_of
from gangru.serve.render import page
from gangru.serve.studies import Study, editions
from gangru.study.workspace import MAIN

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

KEYS = (
    "months",
    "ic_mean",
    "icir",
    "ic_latest",
    "ic_1y",
    "annual_excess",
    "information_ratio",
    "max_drawdown",
    "turnover",
)
FIGURES = tuple(one for key in KEYS for one in HEADLINE_FIGURES if one.key == key)


@dataclass(frozen=True)
class Row:
    """A study in the table: its figures by their keys, the dates of its factor, and what is missing."""

    name: str
    headline: dict[str, Any]
    span: tuple[Any, Any, int] | None
    last_month: str | None
    missing: tuple[Text | str, ...]


def home(request: "Request") -> "Response":
    """Editions, newest first, under the studies' figures."""
    asked = asked_of(request)
    names = asked.desk.names()
    studies = [asked.desk.study(name) for name in names]
    found = editions(asked.desk.root, names)
    with_edition = {one.study for one in found}
    return page(
        asked,
        "home.html.j2",
        asked.language.gettext("Workspace"),
        rows=[row_of(study, has_edition=study.name in with_edition) for study in studies],
        figures=FIGURES,
        editions=found,
        has_factor=asked.study.factor_stamp is not None,
    )


def row_of(study: Study, *, has_edition: bool) -> Row:
    """What is known of a study without its market."""
    document: dict[str, Any] = {}
    missing: list[Text | str] = []
    span = None
    named = "" if study.name == MAIN else f" --study {study.name}"

    def lacks(what: Text) -> None:
        missing.append(what.with_values({"study": verbatim(named)}))

    try:
        span = study.span
        document = study.evaluation or {}
    except InputError as error:
        missing.append(str(error))
    if span is None and not missing:
        lacks(text("No factor: `gangru run{study}` trains, makes it, evaluates and reports."))
    elif not document and not missing:
        lacks(text("Not evaluated: `gangru evaluate{study}`."))
    if span is not None and not has_edition:
        lacks(text("No edition: `gangru report{study}` writes one."))
    return Row(study.name, document.get("headline", {}), span, document.get("last_month"), tuple(missing))
