"""What all pages share: the workspace, what was read of it, and what is being made ahead in the background."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gangru.serve.kept import Background, Memory
from gangru.serve.studies import Study, study_names
from gangru.study.workspace import MAIN

if TYPE_CHECKING:
    import polars as pl

    from gangru.serve.cross_sections import CrossSection
    from gangru.serve.factors import FactorBook
    from gangru.serve.market import Market
    from gangru.serve.windows import StockWindow

FRESH = 5.0  # seconds for which a store's versions are taken as they were
WAIT = 0.3  # seconds that a page waits for what is being made before it says that it is coming
DATES_AHEAD = 120  # newest factor dates that are made ready ahead

Job = tuple[tuple[Any, ...], Callable[[], Any]]


@dataclass
class Desk:
    """One workspace and what is known of it; `opened` names the study that pages show unless asked for another.

    What depends on files stands under their stamps, what depends on the store under its versions: a new run or
    ingest is seen by the next page. Two threads work behind the pages: one reads the market's facts, one its bars.
    """

    root: Path
    opened: str | None = None
    memory: Memory = field(default_factory=lambda: Memory(200))
    reading: Background = field(default_factory=lambda: Background(32))
    slices: Background = field(default_factory=lambda: Background(4000))
    last: "dict[tuple[Any, ...], Market]" = field(default_factory=dict)
    asked_ahead: set[Any] = field(default_factory=set)

    def close(self, wait: float = 10.0) -> None:
        """End the work behind the pages."""
        for memory in (self.slices, self.reading):
            memory.close(wait)

    def names(self) -> list[str]:
        """Every study of the workspace."""
        return study_names(self.root)

    def study(self, name: str) -> Study:
        """One study, its files looked at anew for each request."""
        return Study(self.root, name, self.memory)

    def default(self) -> str:
        """The study named at the start; else main, or where main has no factor the first that has one."""
        if self.opened is not None:
            return self.opened
        with_factor = [name for name in self.names() if self.study(name).factor_stamp is not None]
        return MAIN if MAIN in with_factor or not with_factor else with_factor[0]

    def market(self, study: Study, wait: float | None = WAIT) -> "Market | None":
        """The study's market at the store's newest versions, or the one before while those are read; None: not yet.

        Raises what reading it raised.
        """
        from gangru.serve.market import open_market

        workspace = study.workspace
        pins = tuple(sorted(workspace.settings.data.pins.items()))
        place = (workspace.store.uri, pins, workspace.settings.data.calendar)
        key = ("versions", *place, int(time.monotonic() / FRESH))
        versions = self.reading.ask(
            key, lambda: tuple(sorted(workspace.store.market_versions().items())), wait
        )
        if versions is None:
            return self.last.get(place)
        found = self.reading.ask(("market", *place, versions), lambda: open_market(workspace), wait)
        before = self.last.get(place)
        if found is None or found is before:
            return before
        self.last[place] = market = found
        if before is not None:
            for memory in (self.slices, self.memory):
                memory.forget(lambda key: key[1 : 1 + len(before.key)] == before.key)
        return market  # type: ignore[no-any-return]

    def make_ahead(self, study: Study, market: "Market", book: "FactorBook") -> None:
        """Have the newest dates made ready, the newest first, so that a page that asks for one need not wait."""
        mark = (market.key, study.name, study.factor_stamp)
        if mark in self.asked_ahead:
            return
        self.asked_ahead.add(mark)
        self.slices.begin(*self.spans_job(market))
        newest = list(reversed(book.dates[-DATES_AHEAD:]))
        self.slices.begin(*self.section_job(market, study, newest[0]))
        self.slices.begin(*self.first_window_job(market, study, book))
        for day in reversed(book.month_dates):
            self.slices.begin(*self.month_job(market, study, day))
        for day in newest[1:]:
            self.slices.begin(*self.section_job(market, study, day))

    def spans_job(self, market: "Market") -> Job:
        """First and last bar of every series."""
        from gangru.serve.market import series_spans

        return ("spans", *market.key), lambda: series_spans(market)

    def securities(self, market: "Market") -> "pl.DataFrame":
        """The list of securities with a listing date each; for jobs, which may wait for it."""
        from gangru.serve.market import series_spans, with_listings

        made: pl.DataFrame = self.memory.get(
            ("securities", *market.key), lambda: with_listings(market, series_spans(market))
        )
        return made

    def section_job(self, market: "Market", study: Study, day: date) -> Job:
        """The scale of a date's windows: one for all studies of the same windows and universe."""
        from gangru.serve.cross_sections import cross_section

        settings, features = study.workspace.settings, study.workspace.settings.features
        alike = (features.series, features.window, features.min_bars, features.clip, features.clip_width)
        key = ("section", *market.key, alike, settings.universe, day)
        return key, lambda: cross_section(market, self.securities(market), settings, day)

    def month_job(self, market: "Market", study: Study, day: date) -> Job:
        """Who was eligible on a date, in which industry, and the return of the month after it."""
        from gangru.serve.cross_sections import month_frame

        settings = study.workspace.settings
        key = ("month", *market.key, settings.universe, settings.evaluation.taxonomy, day)
        return key, lambda: month_frame(market, self.securities(market), settings, day)

    def first_window_job(self, market: "Market", study: Study, book: "FactorBook") -> Job:
        """One window of the newest date, for what making the first takes beyond: loading what a generator runs on."""
        from gangru.serve.windows import stock_window

        day = book.dates[-1]
        section_key, fold = self.section_job(market, study, day)[0], str(book.on(day)["fold"][0])

        def make() -> None:
            section = self.slices.peek(section_key)
            if section is not None and len(section.codes):
                stock_window(market, study, section, str(section.codes[0]), fold)

        return ("first window", *market.key, study.name, study.factor_stamp), make

    def spans(self, market: "Market") -> "pl.DataFrame | None":
        """code, first_bar and last_bar of every series; None: not yet."""
        made: pl.DataFrame | None = self.slices.ask(*self.spans_job(market), WAIT)
        return made

    def months(self, market: "Market", study: Study, book: "FactorBook") -> "dict[date, pl.DataFrame]":
        """The months' frames that are there by now, by factor date; of all that the book has."""
        keys = {day: self.month_job(market, study, day)[0] for day in book.month_dates}
        found = {day: self.slices.peek(key) for day, key in keys.items()}
        return {day: frame for day, frame in found.items() if frame is not None}

    def section(self, market: "Market", study: Study, day: date) -> "CrossSection | None":
        """The scale of a date's windows; None: not yet. Raises what making it raised."""
        made: CrossSection | None = self.slices.ask(*self.section_job(market, study, day), WAIT)
        return made

    def window(
        self, market: "Market", study: Study, section: "CrossSection", code: str, fold: str
    ) -> "StockWindow | None":
        """One stock's window; None: not yet. Raises what making it raised."""
        from gangru.serve.windows import stock_window

        key = ("window", *market.key, study.name, study.factor_stamp, str(section.days[-1]), code, fold)
        made: StockWindow | None = self.slices.ask(
            key, lambda: stock_window(market, study, section, code, fold), 2 * WAIT
        )
        return made


def warm_up(desk: Desk) -> None:
    """Have ready what the opened study's pages need; does nothing where there is no market or no factor yet."""
    from gangru.errors import GangruError
    from gangru.serve.factors import factor_book

    study = desk.study(desk.default())
    try:
        book = factor_book(study)
        market = desk.market(study, wait=None)
    except (GangruError, OSError):
        return  # the pages say what is wrong
    if market is not None and book is not None and book.dates:
        desk.make_ahead(study, market, book)
