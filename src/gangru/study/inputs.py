"""What the stages share: the market as arrays, the universe, the panel and the labels, each made once."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from gangru.factor.exposures import Exposures
from gangru.factor.targets import build_targets
from gangru.features.catalogue import features_of
from gangru.features.labels import build_labels
from gangru.features.panel import Panel, build_panel
from gangru.market.calendar import trading_days
from gangru.market.daily import DailyMarket, Dates, Floats
from gangru.market.facts import Facts, facts_of
from gangru.market.intervals import industry_matrix
from gangru.market.loading import loaded_market
from gangru.market.store import Store
from gangru.market.universe import Universe, universe
from gangru.study.workspace import Workspace

if TYPE_CHECKING:
    from gangru.training.fold_source import PanelArrays

AHEAD = timedelta(days=45)  # of calendar past the data: tells whether the data's last day ends a month


@dataclass(frozen=True)
class Inputs:
    """The market of one workspace; what is costly is computed when first asked for, and kept.

    Codes are identities throughout: a security that changed its code is one stock. `counts` says what was decided on
    loading, in bars; `versions` are those of the tables that were read.
    """

    workspace: Workspace
    market: DailyMarket
    calendar: Dates
    securities: pl.DataFrame
    industry: pl.DataFrame
    facts: Facts
    counts: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int | None] = field(default_factory=dict)

    def up_to(self, day: np.datetime64) -> "Inputs":
        """The same workspace as it was known at the close of a trading day."""
        days = int(np.searchsorted(self.market.dates, day, side="right"))
        return replace(self, market=self.market.first_days(days))

    def of(self, workspace: Workspace) -> "Inputs":
        """The same market for another study on the same data; what both studies' settings make alike is kept."""
        other = replace(self, workspace=workspace)
        mine, theirs = self.workspace.settings, workspace.settings
        alike = {
            "universe": mine.universe == theirs.universe,
            "panel": mine.features.series == theirs.features.series
            and self.workspace.extensions == workspace.extensions,
            "labels": mine.label == theirs.label,
            "exposures": mine.factor.taxonomy == theirs.factor.taxonomy,
        }
        alike["targets"] = alike["universe"] and alike["labels"] and alike["exposures"]
        kept = {name: self.__dict__[name] for name, same in alike.items() if same and name in self.__dict__}
        other.__dict__.update(kept)
        return other

    @cached_property
    def universe(self) -> Universe:
        """Who is eligible on each day."""
        return universe(self.market, self.calendar, self.workspace.settings.universe)

    @cached_property
    def panel(self) -> Panel:
        """Unscaled features."""
        return build_panel(
            self.market, features_of(self.workspace.settings.features, self.workspace.extensions.features)
        )

    @cached_property
    def labels(self) -> Floats:
        """Labels of every stock and day."""
        return build_labels(self.market, self.workspace.settings.label)

    @cached_property
    def targets(self) -> Floats:
        """Labels as trainings read them."""
        settings = self.workspace.settings.label
        return build_targets(self.labels, self.universe.eligible, self.exposures, settings)

    @cached_property
    def arrays(self) -> "PanelArrays":
        """What a training reads, as views of the panel, the universe and the targets."""
        from gangru.training.fold_source import (
            PanelArrays,  # loads torch, which to measure and report does not need
        )

        panel = self.panel
        return PanelArrays(
            panel.dates,
            panel.codes,
            panel.values,
            panel.traded,
            self.universe.eligible,
            self.targets,
            panel.carry,
        )

    @cached_property
    def exposures(self) -> Exposures:
        """Industry and size, point in time."""
        taxonomy = self.workspace.settings.factor.taxonomy
        industry, _ = industry_matrix(self.industry, taxonomy, self.market.dates, self.market.codes)
        return Exposures(industry, self.market.float_value())


def calendar_of(workspace: Workspace, store: Store, last: date | None) -> Dates:
    """The trading days that a study knows of, some past the last day of its data."""
    until = None if last is None else last + AHEAD
    return trading_days(store, until=until, source=workspace.settings.data.calendar)


def load_inputs(workspace: Workspace) -> Inputs:
    """Read the store into arrays. Raises MarketError where there are no bars."""
    store = workspace.store.pinned()  # what is ingested meanwhile is not seen by half
    facts = facts_of(store)
    bars = store.read("bars")
    last = bars["date"].max()
    calendar = calendar_of(workspace, store, last if isinstance(last, date) else None)
    loaded = loaded_market(bars, facts.securities, calendar, facts)
    return Inputs(
        workspace=workspace,
        market=loaded.market,
        calendar=calendar,
        securities=facts.securities,
        industry=facts.industry,
        facts=facts,
        counts=loaded.counts,
        versions=store.market_versions(),
    )
