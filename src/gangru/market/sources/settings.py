"""Section [data] of study.toml: where the store lies and what the files handed in mean."""

from dataclasses import dataclass
from typing import Literal

from gangru.errors import SettingsError
from gangru.market.schema import BOOKKEEPING, TABLES
from gangru.settings import Settings, setting

SHARES = {"shares": 1.0, "lots": 100.0, "thousand shares": 1e3, "ten thousand shares": 1e4}
YUAN = {"yuan": 1.0, "thousand yuan": 1e3, "ten thousand yuan": 1e4}
RATES = {"fraction": 1.0, "percent": 0.01}
PRICES = dict.fromkeys(("yuan", "back-adjusted yuan", "forward-adjusted yuan"), 1.0)

UNITS: dict[str, dict[str, float]] = {
    "volume": SHARES,
    "float_shares": SHARES,
    "amount": YUAN,
    "turnover": RATES,
    "price": PRICES,
}
TURNOVER = "turnover"  # of bars: no column of the store, but tradable shares follow from it
COLUMNS = frozenset(
    name for table in TABLES.values() if table.name not in BOOKKEEPING for name in table.columns
) | {TURNOVER}


@dataclass(frozen=True)
class DataSettings(Settings):
    """The store, and how the columns of ingested files are named and measured."""

    store: str = setting(
        "store", "Directory or object-store URI of the market store, relative to the workspace."
    )
    columns: dict[str, str] = setting(
        dict, "What the files call our columns, by our name: volume = 'vol'; other columns keep their names."
    )
    units: dict[str, str] = setting(
        dict,
        "Units of volume, float_shares (shares, lots, thousand shares, ten thousand shares), amount (yuan, "
        "thousand yuan, ten thousand yuan), turnover (fraction, percent) and price (yuan, back-adjusted yuan, "
        "forward-adjusted yuan). A column of our name has our unit, shares and yuan, unless its numbers contradict.",
    )
    codes: Literal["spelled", "numbers"] = setting(
        "spelled",
        "How codes are written: spelled has all six digits; in numbers leading zeros are lost, and 1 is 000001.",
    )
    calendar: Literal["auto", "file", "exchange", "data"] = setting(
        "auto",
        "Where trading days come from: an ingested calendar file, the exchange's own as exchange_calendars has it, the "
        "days that have bars, or, as auto does, the file where there is one, else the exchange's with the bars'.",
    )
    pins: dict[str, int] = setting(
        dict,
        "Versions of tables that the study reads, whatever comes later: bars = 3; -1 is a table that was not there. "
        "Empty reads the newest.",
    )
    taxonomy: str = setting("sw", "Taxonomy of industry files that do not name theirs.")
    interval_ends: Literal["auto", "exclusive", "inclusive"] = setting(
        "auto",
        "Whether an interval's end is its last day (inclusive) or the day after; auto reads it from "
        "intervals that follow one another without a gap, and takes exclusive where there are none.",
    )

    def __post_init__(self) -> None:
        """Raise SettingsError for a column or unit that does not exist."""
        super().__post_init__()
        for name in self.columns:
            if name not in COLUMNS:
                raise SettingsError(f"columns.{name}: expected one of {', '.join(sorted(COLUMNS))}")
        for name, version in self.pins.items():
            if name not in TABLES or version < -1:
                raise SettingsError(
                    f"pins.{name} = {version}: expected a version of one of {', '.join(TABLES)}"
                )
        for name, unit in self.units.items():
            if name not in UNITS:
                raise SettingsError(f"units.{name}: expected one of {', '.join(UNITS)}")
            if unit not in UNITS[name]:
                raise SettingsError(f"units.{name} = {unit!r}: expected one of {', '.join(UNITS[name])}")

    def scale(self, column: str) -> float:
        """What a number of this column is multiplied with to be in shares or yuan."""
        return UNITS[column][self.units[column]] if column in self.units else 1.0

    @property
    def back_adjusted(self) -> bool:
        """Whether prices are declared to be back-adjusted."""
        return self.units.get("price") == "back-adjusted yuan"

    @property
    def forward_adjusted(self) -> bool:
        """Whether prices are declared to be forward-adjusted."""
        return self.units.get("price") == "forward-adjusted yuan"
