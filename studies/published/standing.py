"""The seven-year study's ICs and returns: beside the published ones, by span and by year, against each other."""

from collections.abc import Sequence

import numpy as np
from reading import (
    JUDGED,
    LAST,
    PUBLISHED,
    PUBLISHED_END,
    Document,
    Row,
    Study,
    months,
    number,
    percent,
    split,
)

from gangru.evaluation.headline import icir
from gangru.evaluation.performance import performance
from gangru.evaluation.significance import bootstrap_interval


def like_published(title: str, ic: np.ndarray, head: Document) -> Row:
    """A row in the published table's columns."""
    return [
        title,
        percent(float(np.nanmean(ic))),
        number(icir(ic)),
        percent(float(ic[-1])),
        percent(float(np.nanmean(ic[-12:]))),
        percent(head["annual_return"]),
        percent(head["annual_volatility"]),
        number(head["return_over_volatility"]),
        number(head["information_ratio"]),
        percent(head["max_drawdown"]),
        number(head["turnover"]),
        percent(head["annual_excess"]),
    ]


def beside_published(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """The published figures and ours of the same months."""
    head = split(
        "to 2025-04-28 | IC, % | ICIR | latest, % | 1 year, % | return, % | volatility, % | ret / vol | "
        "excess / TE | max DD, % | turnover | excess, %"
    )
    rows = [PUBLISHED]
    for one in studies:
        t, after = one.cut["headline_t"], one.cut["headline"]
        rows += [
            like_published(f"{one.title}: t to t, rank", months(one.cut, "rank_ic_t_to_t"), t),
            like_published(f"{one.title}: t to t, Pearson", months(one.cut, "ic_t_to_t"), t),
            like_published(f"{one.title}: from t + 1, rank", months(one.cut, "rank_ic"), after),
        ]
    return head, rows


def luck(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """How far the months' luck could have carried each mean IC to the published day, and whether it covers theirs."""
    head = split(f"mean IC to {PUBLISHED_END} | months | mean, % | low | high | covers {PUBLISHED[1]} %")
    rows = []
    for one in studies:
        for key, name in (
            ("rank_ic_t_to_t", "t to t, rank"),
            ("ic_t_to_t", "t to t, Pearson"),
            ("rank_ic", "from t + 1, rank"),
            ("ic", "from t + 1, Pearson"),
        ):
            ic = months(one.cut, key)
            low, high = interval_of(ic)
            covers = "" if np.isnan(low) else "yes" if low <= float(PUBLISHED[1]) / 100 <= high else "no"
            count = str(int((~np.isnan(ic)).sum()))
            mean = percent(float(np.nanmean(ic)))
            rows.append([f"{one.title}: {name}", count, mean, percent(low), percent(high), covers])
    return head, rows


def interval_of(ic: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of a mean by blocks of three months; NaN with too few."""
    found = bootstrap_interval(ic, confidence=0.95, samples=2000, block=3.0, seed=0)
    return found or (np.nan, np.nan)


def industries(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """The five best industries of the last month and of the last year, by IC and by the long portfolio's excess."""
    head = split(f"industries to {PUBLISHED_END} | 1 | 2 | 3 | 4 | 5 | lost")
    rows = []
    for one in studies:
        for key, name in (
            ("ic_month", "IC of the month, %"),
            ("ic_year", "mean IC of the year, %"),
            ("excess_month", "long excess of the month, %"),
            ("excess_year", "mean monthly long excess of the year, %"),
        ):
            known = [row for row in one.cut["industries"] if row[key] is not None]
            best = sorted(known, key=lambda row: -row[key])[:5]
            cells = [f"{row['industry']} {percent(row[key])}" for row in best]
            lost = str(sum(row[key] < 0 for row in known)) if known else ""
            rows.append([f"{one.title}: {name}", *cells, *[""] * (5 - len(cells)), f"{lost} of {len(known)}"])
    return head, rows


def all_months(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """Every study over all months, from t + 1."""
    head = split(
        "all months, from t + 1 | months | rank IC, % | low | high | Pearson, % | ICIR | t | "
        "raw rank IC, % | excess, % | net, % | net IR | net max DD, % | turnover"
    )
    rows = []
    for one in studies:
        h, p = one.whole["headline"], one.whole["headline_pearson"]
        rows.append(
            [
                one.title,
                str(h["months"]),
                percent(h["ic_mean"]),
                percent(h["ic_low"]),
                percent(h["ic_high"]),
                percent(p["ic_mean"]),
                number(h["icir"]),
                number(h["ic_t"], 1),
                percent(one.whole["headline_raw"]["ic_mean"]),
                percent(h["annual_excess"], 1),
                percent(h["net_annual_excess"], 1),
                number(h["net_information_ratio"]),
                percent(h["net_max_drawdown"], 1),
                number(h["turnover"]),
            ]
        )
    return head, rows


def summary(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """The line of each study that a reader sees first: all months, then those judged. Ours are from t + 1."""
    head = split(
        "return months 2019-02 to 2025-05 | rank IC, % | Pearson, % | ICIR | excess, % | net, % | turnover | "
        "2022 on: rank IC, % | Pearson, % | ICIR | net, %"
    )
    rows = [
        [
            "published, to 2025-04, IC of a kind not said",
            PUBLISHED[1],
            "",
            PUBLISHED[2],
            PUBLISHED[11],
            "",
            PUBLISHED[10],
        ]
    ]
    rows[0] += [""] * (len(head) - len(rows[0]))
    for one in studies:
        h, judged = one.whole["headline"], span(one, JUDGED, LAST)
        rows.append(
            [
                one.title,
                percent(h["ic_mean"]),
                percent(one.whole["headline_pearson"]["ic_mean"]),
                number(h["icir"]),
                percent(h["annual_excess"], 1),
                percent(h["net_annual_excess"], 1),
                number(h["turnover"]),
                *(judged[place] for place in (2, 5, 6, 9)),
            ]
        )
    return head, rows


def span(one: Study, first: str, last: str) -> Row:
    """Figures of some months alone; net values begin at 1 with the first of them."""
    rank, pearson = (months(one.whole, key, first, last) for key in ("rank_ic", "ic"))
    days = [row for row in one.whole["net_value"] if first <= row["date"][:7] <= last]
    if len(days) < 2 or np.isnan(rank).all():
        return [one.title, f"{first} to {last}", *[""] * 10]
    long, net, benchmark = (np.array([row[key] for row in days]) for key in ("long", "long_net", "benchmark"))
    gross, after = (performance(value / value[0], benchmark / benchmark[0]) for value in (long, net))
    turnover = months(one.whole, "turnover", first, last)
    low, high = interval_of(rank)
    return [
        one.title,
        str(int((~np.isnan(rank)).sum())),
        percent(float(np.nanmean(rank))),
        percent(low),
        percent(high),
        percent(float(np.nanmean(pearson))),
        number(icir(rank)),
        number(icir(pearson)),
        percent(gross.annual_excess, 1),
        percent(after.annual_excess, 1),
        number(after.information_ratio),
        number(float(np.nanmean(turnover))),
    ]


def spans(studies: Sequence[Study], first: str, last: str, title: str) -> tuple[Row, list[Row]]:
    """Every study over a span of months."""
    head = split(
        "months | rank IC, % | low | high | Pearson, % | ICIR | Pearson ICIR | excess, % | net, % | net IR | turnover"
    )
    return [title, *head], [span(one, first, last) for one in studies]


def by_year(studies: Sequence[Study], key: str, title: str) -> tuple[Row, list[Row]]:
    """A monthly series' mean by year."""
    years = sorted({row["month"][:4] for one in studies for row in one.whole["series"]})
    rows = []
    for one in studies:
        means = []
        for year in years:
            own = months(one.whole, key, f"{year}-01", f"{year}-12")
            means.append(percent(float(np.nanmean(own))) if len(own) and not np.isnan(own).all() else "")
        rows.append([one.title, *means])
    return [title, *years], rows


def net_by_year(studies: Sequence[Study]) -> tuple[Row, list[Row]]:
    """The long portfolio's return after costs less the universe's, by calendar year."""
    years = sorted({row["year"] for one in studies for row in one.whole["trading"]["yearly"]})
    rows = []
    for one in studies:
        known = {row["year"]: row["long_net_excess"] for row in one.whole["trading"]["yearly"]}
        rows.append([one.title, *(percent(known.get(year), 1) for year in years)])
    return ["net excess, %", *map(str, years)], rows
