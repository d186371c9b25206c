"""Words and numbers in a reader's language, from gettext catalogues read at run time.

English is the language of the source: its texts are the keys. `catalogues/zh_CN.po` holds Simplified Chinese.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from gangru.errors import ReportError
from gangru.market.industries import class_name
from gangru.report.blocks import Format, Quantity, Scalar, Text, Words

Tag = Literal["en", "zh"]
Choice = Literal["en", "zh", "both"]
UNDEFINED = "–"
MINUS = "−"
LOCALES: Mapping[Tag, str] = {"en": "en", "zh": "zh_CN"}
NAMES: Mapping[Tag, str] = {"en": "English", "zh": "中文"}  # each in itself
MONTH_PATTERNS: Mapping[Tag, str] = {"en": "MMMM yyyy", "zh": "yyyy年M月"}
DAY_PATTERNS: Mapping[Tag, str] = {"en": "d MMMM yyyy", "zh": "yyyy年M月d日"}


@dataclass(frozen=True)
class Language:
    """One language: its catalogue, and how it writes dates and numbers."""

    tag: Tag
    messages: Mapping[str, str]

    @property
    def html_tag(self) -> str:
        """The language as HTML names it."""
        return "zh-CN" if self.tag == "zh" else "en"

    def words(self, words: Words) -> str:
        """A text translated, with its values written in; data are given back as they are."""
        if isinstance(words, str):
            return words
        template = self.messages.get(words.template, words.template)
        return template.format(**{name: self.quantity(value) for name, value in words.values.items()})

    def gettext(self, template: str) -> str:
        """The translation of a label without values, as the templates ask for it."""
        return self.messages.get(template, template)

    def quantity(self, quantity: Quantity | Text) -> str:
        """A value in its format; an undefined one is a dash."""
        if isinstance(quantity, Text):
            return self.words(quantity)
        return UNDEFINED if quantity.value is None else self.scalar(quantity.value, quantity.format)

    def scalar(self, value: Scalar, format_name: Format) -> str:
        """A known value in its format."""
        match format_name:
            case "text" | "day":
                return str(value)
            case "industry":
                return class_name(str(value), self.tag)
            case "flag":
                return self.gettext("yes") if value else self.gettext("no")
            case "date":
                return self.formatted_date(value, DAY_PATTERNS[self.tag])
            case "month":
                return self.formatted_date(f"{value}-01", MONTH_PATTERNS[self.tag])
            case _:
                return formatted_number(value, format_name)

    def formatted_date(self, value: Scalar, pattern: str) -> str:
        """A date, or its ISO form, by a pattern of Babel's."""
        from babel.dates import format_date

        when = value if isinstance(value, date) else date.fromisoformat(str(value))
        return format_date(when, pattern, locale=LOCALES[self.tag])


def formatted_number(value: Scalar, format_name: str) -> str:
    """A number as both languages write it, with a true minus sign and thousands apart."""
    if isinstance(value, str | date) or value is None:
        raise ReportError(f"{value!r} cannot be printed as {format_name}: expected a number")
    match format_name:
        case "percent":
            shown = f"{value:,.2%}"
        case "share":
            shown = f"{value:.0%}"
        case "ratio":
            shown = f"{value:,.2f}"
        case "fine":
            shown = f"{value:,.4f}"
        case "signed":
            shown = f"{value:+,.1%}"
        case "seconds":
            shown = f"{value:,.0f} s"
        case _:
            shown = f"{value:,.0f}"
    negative_zero = shown.startswith("-") and not any(digit in shown for digit in "123456789")
    return shown.removeprefix("-") if negative_zero else shown.replace("-", MINUS)


def tags_of(choice: Choice | Sequence[Tag]) -> tuple[Tag, ...]:
    """The languages that a choice means, in their order: both is Chinese, then English. Raises ReportError for none."""
    if choice == "both":
        return ("zh", "en")
    tags: Sequence[Tag] = (choice,) if choice == "en" or choice == "zh" else tuple(choice)  # noqa: PLR1714
    if not tags or not set(tags) <= set(LOCALES):
        raise ReportError(f"languages {choice!r}: expected en, zh or both")
    return tuple(dict.fromkeys(tags))


@lru_cache
def language(tag: Tag) -> Language:
    """The language of a tag; raises ReportError for one without a catalogue."""
    if tag == "en":
        return Language("en", {})
    if tag not in LOCALES:
        raise ReportError(f"language {tag!r}: expected one of {', '.join(LOCALES)}")
    from babel.messages.pofile import read_po

    with (files("gangru.report") / "catalogues" / f"{LOCALES[tag]}.po").open("rb") as stream:
        catalogue = read_po(stream, locale=LOCALES[tag])
    found = {str(m.id): str(m.string) for m in catalogue if m.id and m.string and not m.fuzzy}
    return Language(tag, found)
