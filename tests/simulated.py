"""A simulated market's tables read into arrays, without a store between."""

from gangru.market.daily import DailyMarket
from gangru.market.facts import Facts
from gangru.market.identity import identities_of
from gangru.market.loading import daily_market
from gangru.market.simulate import SimulatedMarket


def facts_in(made: SimulatedMarket) -> Facts:
    """The facts of a simulated market, which is under the codes of its last day already."""
    return Facts(
        identities=identities_of(made.code_changes, known=()),
        securities=made.securities,
        names=made.names,
        st=made.st,
        suspensions=made.suspensions,
        listings=made.listings,
        industry=made.industry,
        members=made.members,
        bars=made.bars.lazy(),
    )


def read_market(made: SimulatedMarket) -> DailyMarket:
    """The bars as arrays, as a study reads them."""
    days = made.calendar["date"].to_numpy().astype("datetime64[D]")
    return daily_market(made.bars, made.securities, days, facts_in(made))
