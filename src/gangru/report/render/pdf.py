"""The monthly as a PDF on A4: every chart as vectors, every character in a font, nothing fetched."""

import contextlib
import html
import io
import unicodedata
import warnings
from collections.abc import Iterable
from itertools import chain
from typing import Any

from gangru.errors import ReportError
from gangru.report.blocks import Contents
from gangru.report.languages import Tag, language, tags_of
from gangru.report.render.fonts import SANS, font_list, refusing_faults
from gangru.report.render.pages import page_source, pictures_of


def render_pdf(contents: Contents, tag: Tag | None = None) -> bytes:
    """The PDF's bytes, in the language of `tag` (default: the contents' own); the same contents give the same bytes.

    Raises ReportError where WeasyPrint or its system libraries are not installed, and where no font has a character
    that the contents hold.
    """
    weasyprint = load_weasyprint()
    chosen = language(tag or tags_of(contents.language)[0])
    pictures = pictures_of(contents, chosen)
    source = page_source(contents, chosen, pictures)
    fetcher = fetcher_of_nothing(weasyprint)
    with refusing_faults():  # before the layout of the whole, which takes long
        weasyprint.HTML(
            string=probe([source, *chain.from_iterable(pictures.values())]), url_fetcher=fetcher
        ).write_pdf()
    with refusing_faults():
        document = weasyprint.HTML(string=source, url_fetcher=fetcher)
        written: bytes = document.write_pdf(pdf_identifier=identifier(contents), pdf_tags=True)
    return written


def load_weasyprint() -> Any:
    """WeasyPrint; raises ReportError that names what to install where it or what it stands on is missing."""
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.filterwarnings("error", message="(?i).*fontconfig")
            import weasyprint
    except ImportError:
        raise ReportError("a PDF needs WeasyPrint: pip install 'gangru[pdf]'") from None
    except OSError as error:
        raise ReportError(
            "a PDF needs the library Pango (Debian, Ubuntu: apt install libpango-1.0-0 libpangoft2-1.0-0; "
            f"macOS: brew install pango): {error}"
        ) from None
    except UserWarning as warning:
        raise ReportError(
            f"a PDF needs fonts, and none is installed ({warning}): Debian, Ubuntu: apt install fonts-liberation "
            "fonts-noto-cjk"
        ) from None
    return weasyprint


def fetcher_of_nothing(weasyprint: Any) -> Any:
    """What WeasyPrint asks for an address: it reads those that hold their data, and ends with an error at any other."""
    return weasyprint.urls.URLFetcher(allowed_protocols=["data"], allow_redirects=False, fail_on_errors=True)


def identifier(contents: Contents) -> bytes:
    """The file's identifier: the study and the month, as a PDF may not be without one."""
    return f"gangru {contents.study} {contents.month}".encode()


def probe(sources: Iterable[str]) -> str:
    """A page of every character of the sources once, set in the same fonts."""
    characters = set().union(*(html.unescape(source) for source in sources))
    found = sorted(c for c in characters if not c.isspace() and unicodedata.category(c)[0] != "C")
    return f'<p style="font-family: {font_list(SANS)}">{html.escape(" ".join(found))}</p>'
