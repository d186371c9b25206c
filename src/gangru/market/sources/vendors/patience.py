"""Single codes that a vendor cannot give do not end a fetch of thousands; several in a row do, and all of them."""

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from gangru.market.sources.vendors.calls import NotGivenError, reason

IN_A_ROW = 3


@dataclass
class Patience:
    """The codes passed over, with the reason. A failure after two others is the vendor's own, and raised."""

    failed: dict[str, NotGivenError] = field(default_factory=dict)
    in_a_row: int = 0
    came: int = 0

    def tried(self, code: str, fetch: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """What `fetch` gives; an empty table where the vendor does not give it, which is noted."""
        try:
            answer = fetch()
        except NotGivenError as error:
            self.in_a_row += 1
            if self.in_a_row == IN_A_ROW:
                raise
            self.failed[code] = error
            return pl.DataFrame()
        self.in_a_row = 0
        self.came += 1
        return answer

    def told(self) -> list[str]:
        """Why codes were passed over; raises the first reason where none came at all."""
        if self.failed and not self.came:
            raise next(iter(self.failed.values()))
        return [reason(error) for error in self.failed.values()]
