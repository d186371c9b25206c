"""A simulated A-share-like market from a seed, with a planted signal whose best possible IC is known."""

from gangru.market.simulate.market import SimulatedMarket, simulate
from gangru.market.simulate.settings import SimulateSettings
from gangru.market.simulate.write import write_market

__all__ = ["SimulateSettings", "SimulatedMarket", "simulate", "write_market"]
