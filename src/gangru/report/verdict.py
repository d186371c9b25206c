"""The verdict in three plain sentences, made from the figures: the month, the year, the money.

A bad month is called bad.
"""

from collections.abc import Mapping
from typing import Literal

from gangru.report.blocks import Callout, Text, integer, month_of, number, percent, ratio, text
from gangru.report.inputs import Material

FAIR_SHARE = 0.5  # an IC below half its mean is called weak
CLEAR_T = 2.0  # |t| from which a mean is called distinguishable from chance
FEW_MONTHS = 12

Tone = Literal["good", "bad", "warning", "note"]

MONTH: Mapping[str, tuple[Tone, Text]] = {
    "unknown": (
        "note",
        text("The return of {month} is not known: this edition says what the factor holds, not how it did."),
    ),
    "bad": (
        "bad",
        text(
            "{month} was a bad month: the rank IC was {ic}, the factor ranked stocks the wrong way, and the "
            "long portfolio returned {long} against {benchmark} of the benchmark, an excess of {excess}."
        ),
    ),
    "bad ranking": (
        "bad",
        text(
            "{month} was a bad month for the ranking: the rank IC was {ic}, the wrong way, though the long "
            "portfolio returned {long} against {benchmark} of the benchmark."
        ),
    ),
    "bad unpaid": (
        "bad",
        text("{month} was a bad month: the rank IC was {ic}, the factor ranked stocks the wrong way."),
    ),
    "unpaid": ("note", text("In {month} the rank IC was {ic}; its mean is {mean}.")),
    "mixed": (
        "warning",
        text(
            "{month} was a mixed month: the rank IC was {ic}, yet the long portfolio lost to its benchmark, "
            "{long} against {benchmark}."
        ),
    ),
    "weak": (
        "warning",
        text(
            "{month} was a weak month: the rank IC was {ic}, less than half of its mean of {mean}; the long "
            "portfolio returned {long} against {benchmark} of the benchmark."
        ),
    ),
    "ordinary": (
        "note",
        text(
            "{month} was an ordinary month: the rank IC was {ic}, below its mean of {mean}; the long "
            "portfolio returned {long} against {benchmark} of the benchmark."
        ),
    ),
    "good": (
        "good",
        text(
            "{month} was a good month: the rank IC was {ic}, and the long portfolio returned {long} against "
            "{benchmark} of the benchmark."
        ),
    ),
}

YEAR: Mapping[str, Text] = {
    "unknown": text("No return month is known yet, so there is no record to judge by."),
    "short": text(
        "Return months known: {months}, with a mean IC of {mean}; so short a record cannot tell skill from "
        "luck."
    ),
    "against": text(
        "Over the past year the factor worked against its holder: IC mean {year}, against {mean} over all "
        "{months} months."
    ),
    "faded": text(
        "The factor has faded: over the past year its IC mean was {year}, less than half of the {mean} over "
        "all {months} months."
    ),
    "below": text("Over the past year the IC mean was {year}, below the {mean} over all {months} months."),
    "held": text(
        "Over the past year the IC mean was {year}, no less than the {mean} over all {months} months."
    ),
}

MONEY: Mapping[str, Text] = {
    "unknown": text("The long portfolio has no record yet."),
    "gross": text(
        "The long portfolio's excess return is {gross} a year before costs; its deepest loss was {loss}."
    ),
    "lost": text(
        "The long portfolio lost to its benchmark: its excess return is {gross} a year before costs and "
        "{net} after them; its deepest loss was {loss}, and the mean IC has a t of {t}."
    ),
    "eaten": text(
        "Costs eat the gain: the long portfolio's excess return is {gross} a year before costs and {net} "
        "after them; its deepest loss was {loss}, and the mean IC has a t of {t}."
    ),
    "chance": text(
        "The long portfolio's excess return is {gross} a year before costs and {net} after them, its deepest "
        "loss {loss}; with a t of {t} the mean IC cannot be told from chance."
    ),
    "negative": text(
        "The long portfolio's excess return is {gross} a year before costs and {net} after them, its deepest "
        "loss {loss}; yet with a t of {t} the mean IC is clearly negative."
    ),
    "clear": text(
        "The long portfolio's excess return is {gross} a year before costs and {net} after them, its deepest "
        "loss {loss}; with a t of {t} the mean IC is hard to put down to chance."
    ),
}


def verdict(material: Material) -> Callout:
    ic, excess = (number(material.of_month(column)) for column in ("rank_ic", "excess_return"))
    headline = material.evaluation.headline
    ic, excess = number(material.of_month("rank_ic")), number(material.of_month("excess_return"))
    gross, net, t = number(headline.annual_excess), number(headline.net_annual_excess), number(headline.ic_t)
    tone, month = MONTH[judged_month(ic, excess, number(headline.ic_mean))]
    year = YEAR[judged_year(headline.months, number(headline.ic_1y), number(headline.ic_mean))]
    money = MONEY[judged_money(gross, net, t)]
    values = {
        "month": month_of(material.month),
        "ic": percent(ic),
        "long": percent(material.of_month("long_return")),
        "benchmark": percent(material.of_month("benchmark_return")),
        "excess": percent(excess),
        "year": percent(headline.ic_1y),
        "mean": percent(headline.ic_mean),
        "months": integer(headline.months),
        "gross": percent(gross),
        "net": percent(net),
        "loss": percent(headline.max_drawdown),
        "t": ratio(t),
    }
    return Callout(tone, tuple(sentence.with_values(values) for sentence in (month, year, money)))


def judged_month(ic: float | None, excess: float | None, mean: float | None) -> str:
    """Which sentence a month deserves, from its rank IC, its long excess return and the mean IC."""
    if ic is None:
        return "unknown"
    if excess is None:
        return "bad unpaid" if ic < 0 else "unpaid"
    if ic < 0:
        return "bad" if excess < 0 else "bad ranking"
    if excess < 0:
        return "mixed"
    if mean is not None and ic < mean:
        return "weak" if ic < FAIR_SHARE * mean else "ordinary"
    return "good"


def judged_year(months: int, year: float | None, mean: float | None) -> str:
    """Which sentence the past year deserves, beside the whole record."""
    if mean is None or months == 0:
        return "unknown"
    if months < FEW_MONTHS or year is None:
        return "short"
    if year < 0:
        return "against"
    if year >= mean:
        return "held"
    return "faded" if year < FAIR_SHARE * mean else "below"


def judged_money(gross: float | None, net: float | None, t: float | None) -> str:
    """Which sentence the long portfolio's record deserves."""
    if gross is None:
        return "unknown"
    if net is None or t is None:
        return "gross"
    if gross < 0:
        return "lost"
    if net < 0:
        return "eaten"
    if abs(t) < CLEAR_T:
        return "chance"
    return "clear" if t > 0 else "negative"
