"""What a market says about one stock and one day, read cell by cell; see docs/portfolio.md."""

import math

from gangru.evaluation.portfolio.path import FILLED, LOWER_LIMIT, NO_TRADE, UPPER_LIMIT
from gangru.evaluation.portfolio.terms import Tape

NAN = float("nan")
MEMORY = 20  # days of the market that volatility and daily amount are taken from


class SlowMarket:
    """Row d, column i of a tape."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    def close(self, d: int, i: int) -> float:
        return float(self.tape.close[d, i])

    def factor(self, d: int, i: int) -> float:
        """The last factor known on the day; NaN before any."""
        while d >= 0:
            found = float(self.tape.factor[d, i])
            if not math.isnan(found):
                return found
            d -= 1
        return NAN

    def last_traded(self, d: int, i: int) -> int | None:
        """The last day up to d on which the stock traded."""
        while d >= 0 and math.isnan(self.close(d, i)):
            d -= 1
        return d if d >= 0 else None

    def last_close(self, d: int, i: int) -> float:
        """The last close up to d, the day's own included, in shares of day d: what goes ex after it lowers it."""
        traded = self.last_traded(d, i)
        if traded is None:
            return NAN
        return self.close(traded, i) * self.factor(traded, i) / self.factor(d, i)

    def trades(self, d: int, i: int) -> bool:
        return not math.isnan(float(self.tape.price[d, i]))

    def price(self, d: int, i: int) -> float:
        return float(self.tape.price[d, i]) if self.trades(d, i) else self.last_close(d, i)

    def never_again(self, d: int, i: int) -> bool:
        return all(math.isnan(self.close(e, i)) for e in range(d, len(self.tape.dates)))

    def why_blocked(self, d: int, i: int, side: int) -> int:
        """Why an order of the day is blocked; FILLED where nothing is in the way."""
        if not self.trades(d, i):
            return NO_TRADE
        if side > 0 and bool(self.tape.no_buy[d, i]):
            return UPPER_LIMIT
        if side < 0 and bool(self.tape.no_sell[d, i]):
            return LOWER_LIMIT
        return FILLED

    def volatility_and_amount(self, d: int, i: int) -> tuple[float, float]:
        """σ of the daily returns and the mean daily amount over the 20 days before d; (0, 0) with under two returns."""
        amounts, returns = [], []
        for e in range(max(d - MEMORY, 0), d):
            if math.isnan(self.close(e, i)):
                continue
            amounts.append(float(self.tape.amount[e, i]))
            before = self.last_traded(e - 1, i)
            if before is not None:
                now, then = (
                    self.close(e, i) * self.factor(e, i),
                    self.close(before, i) * self.factor(before, i),
                )
                returns.append(now / then - 1)
        if len(returns) < 2:
            return 0.0, 0.0
        mean = sum(returns) / len(returns)
        sigma = math.sqrt(sum((x - mean) ** 2 for x in returns) / (len(returns) - 1))
        return sigma, sum(amounts) / len(amounts)
