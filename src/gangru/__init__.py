"""From daily bars of a stock market to a broker-grade monthly."""

__version__ = "0.1.0"
