"""Small markets made of seeded random walks, for tests of whole stages."""

import numpy as np

from gangru.market.daily import DailyMarket


def random_market(days: int = 120, stocks: int = 30, seed: int = 0, gaps: float = 0.02) -> DailyMarket:
    """A market of random walks with consistent OHLC, some days without trading and some ex-dividend days."""
    random = np.random.default_rng(seed)
    dates = np.busday_offset("2018-01-01", np.arange(days), roll="forward").astype("datetime64[D]")
    moves = random.standard_t(5, (days, stocks)) * 0.015
    adjusted = 10 * np.exp(np.cumsum(moves, axis=0))
    factor = np.cumprod(1 + (random.random((days, stocks)) < 0.01) * 0.1, axis=0)
    close = adjusted / factor
    opened = close * np.exp(random.normal(0, 0.005, close.shape))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.005, close.shape)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.005, close.shape)))
    volume = np.exp(random.normal(13, 0.5, close.shape))
    shares = np.broadcast_to(np.exp(random.normal(18, 1, stocks)), close.shape).copy()
    amount = volume * (low + (high - low) * random.random(close.shape))
    absent = random.random(close.shape) < gaps
    series = [opened, high, low, close, factor, volume, amount, shares]
    opened, high, low, close, factor, volume, amount, shares = (np.where(absent, np.nan, s) for s in series)
    return DailyMarket(
        dates=dates,
        codes=np.array([f"{600000 + i:06d}.SH" for i in range(stocks)]),
        open=opened,
        high=high,
        low=low,
        close=close,
        factor=factor,
        volume=volume,
        amount=amount,
        float_shares=shares,
        is_st=np.zeros(close.shape, dtype=np.int8),
        list_date=np.full(stocks, np.datetime64("2010-01-04")),
    )
