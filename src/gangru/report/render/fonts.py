"""The fonts that paper is set in, and the refusal to print a box where no font has a character."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from gangru.errors import ReportError
from gangru.report.render.width import double

CHINESE_SANS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
)
CHINESE_SERIF = ("Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "Songti SC", "SimSun")
SANS = ("Arial", "Helvetica", "Liberation Sans", "Noto Sans", "DejaVu Sans", *CHINESE_SANS, "sans-serif")
SERIF = (
    "Times New Roman",
    "Times",
    "Liberation Serif",
    "Noto Serif",
    "DejaVu Serif",
    *CHINESE_SERIF,
    "serif",
)

NO_CHINESE = (
    "no installed font has the Chinese characters {shown}: install one (Debian, Ubuntu: apt install fonts-noto-cjk; "
    "Fedora: dnf install google-noto-sans-cjk-fonts; macOS and Windows have their own) and write the PDF again"
)
NO_FONT = (
    "no installed font has the characters {shown}: install one that has (Debian, Ubuntu: apt install "
    "fonts-noto-core fonts-symbola) and write the PDF again"
)
SHOWN = 12


def font_list(families: tuple[str, ...]) -> str:
    """Families as CSS and SVG name them, without spaces between them: WeasyPrint keeps those in an SVG's names."""
    return ",".join(name if name.isalpha() or name.endswith("serif") else f"'{name}'" for name in families)


class Faults(logging.Handler):
    """What WeasyPrint could not do as asked: characters that no font has, and what it left out."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.missing: list[str] = []
        self.left_out: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a character that was set as a box, or the message of a failure; style warnings are no faults."""
        if ".notdef" in str(record.msg) and isinstance(record.args, tuple):
            self.missing.append(str(record.args[0]))
        elif record.levelno >= logging.ERROR:
            self.left_out.append(record.getMessage())


@contextmanager
def refusing_faults() -> Iterator[None]:
    """Raise ReportError after the block where WeasyPrint set a box for a character or left a picture out."""
    faults, logger = Faults(), logging.getLogger("weasyprint")
    logger.addHandler(faults)
    try:
        yield
    finally:
        logger.removeHandler(faults)
    if faults.missing:
        refuse(sorted(set(faults.missing)))
    if faults.left_out:
        raise ReportError(f"the PDF would lack something: {faults.left_out[0]}")


def refuse(missing: list[str]) -> None:
    """Raise ReportError naming the characters, and the package that has them."""
    chinese = [character for character in missing if double(character)]
    chosen = chinese or missing
    shown = " ".join(f"{c} (U+{ord(c):04X})" for c in chosen[:SHOWN]) + (" …" if len(chosen) > SHOWN else "")
    raise ReportError((NO_CHINESE if chinese else NO_FONT).format(shown=shown))
