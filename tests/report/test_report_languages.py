"""Words and numbers in both languages; the Chinese catalogue is whole."""

import string
from datetime import date
from pathlib import Path

import pytest
from babel.messages.extract import extract

import gangru
from gangru.errors import ReportError
from gangru.report.blocks import Quantity, text
from gangru.report.languages import formatted_number, language, tags_of

PACKAGE = Path(gangru.__file__).parent
SPOKEN = [PACKAGE / room for room in ("report", "serve")]
REMARKS = [PACKAGE / room for room in ("evaluation", "study")]
KEYWORDS = ("text", "say", "gettext", "remark")


def messages() -> set[str]:
    found = set()
    for path in (path for root in SPOKEN + REMARKS for path in root.rglob("*.py")):
        with path.open("rb") as stream:
            found |= {m for _, m, _, _ in extract("python", stream, dict.fromkeys(KEYWORDS))}
    for path in (path for root in SPOKEN for path in (root / "templates").glob("*.j2")):
        with path.open("rb") as stream:
            found |= {m for _, m, _, _ in extract("jinja2.ext:babel_extract", stream, {"_": None})}
    return {m for m in found if isinstance(m, str)}


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_every_text_has_a_chinese_translation_and_none_is_left_over():
    keys = set(language("zh").messages)
    wanted = messages()
    assert len(wanted) > 250
    assert wanted - keys == set()
    assert keys - wanted == set()


def test_translations_keep_the_values_of_the_original():
    for english, chinese in language("zh").messages.items():
        assert placeholders(english) == placeholders(chinese), english


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (0.117349, "percent", "11.73%"),
        (-0.0105, "percent", "−1.05%"),
        (0.8333, "share", "83%"),
        (1.645, "ratio", "1.65"),
        (0.12574, "fine", "0.1257"),
        (-0.1, "signed", "−10.0%"),
        (0.1, "signed", "+10.0%"),
        (12345, "integer", "12,345"),
        (-0.000001, "percent", "0.00%"),
        (321.4, "seconds", "321 s"),
    ],
)
def test_numbers_are_written_with_their_format(value, kind, shown):
    assert formatted_number(value, kind) == shown


def test_an_undefined_value_is_a_dash():
    for kind in ("percent", "ratio", "integer", "date", "month", "flag", "text"):
        assert language("en").quantity(Quantity(None, kind)) == "–"


def test_dates_are_written_as_each_language_does():
    assert language("en").quantity(Quantity(date(2020, 7, 31), "date")) == "31 July 2020"
    assert language("zh").quantity(Quantity("2020-07-31", "date")) == "2020年7月31日"
    assert language("en").quantity(Quantity("2020-07", "month")) == "July 2020"
    assert language("zh").quantity(Quantity("2020-07", "month")) == "2020年7月"
    assert language("zh").quantity(Quantity(date(2020, 7, 31), "day")) == "2020-07-31"


def test_data_are_never_translated():
    assert language("zh").words("Month") == "Month"
    assert language("zh").words(text("Month")) == "月份"
    assert language("en").words(text("{it}", it=Quantity("{it}", "text"))) == "{it}"


def test_text_where_a_number_is_due_is_refused():
    with pytest.raises(ReportError, match="expected a number"):
        formatted_number("many", "percent")


def test_a_language_without_a_catalogue_is_refused():
    with pytest.raises(ReportError, match="expected one of en, zh"):
        language("fr")


def test_a_choice_of_languages_has_an_order():
    assert tags_of("both") == ("zh", "en")
    assert tags_of("en") == ("en",)
    assert tags_of(["en", "zh", "en"]) == ("en", "zh")
    for none in ("", "fr", [], ["en", "fr"]):
        with pytest.raises(ReportError, match="expected en, zh or both"):
            tags_of(none)
