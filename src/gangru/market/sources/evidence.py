"""What bars of unsaid units and prices of unsaid adjustment show by themselves; where they show a contradiction, ask.

A column that carries our name carries our unit, unless the numbers say otherwise. A column of another name has to have
its unit said, or shown by the numbers: amount over volume is a price, volume over tradable shares a rate below one, and
a raw price falls on the day its factor rises. Nothing is converted on evidence: the error says what fits, the user
says what is.
"""

from collections.abc import Iterator, Mapping
from itertools import product

import polars as pl

from gangru.errors import InputError
from gangru.market.sources.settings import UNITS, DataSettings

NEAR = 1.5  # a median amount over volume × close within this factor of 1 shows that the units fit
FITS = 1.25  # and within this factor of a unit's scale, that another unit does
ENOUGH = 50  # rows, below which numbers show nothing
EVENTS = 20  # factor changes, likewise
LEAST_CHANGE = 0.02  # of a factor
SAMPLE = 300  # stocks looked at for factor changes
CENT, SINGLE = 1e-3, 1e-6  # of a cent: what a price may lie off it, absolutely and in single precision


def ask_where_unclear(
    rows: pl.DataFrame, settings: DataSettings, columns: Mapping[str, str], source: str
) -> None:
    """Raise InputError where the meaning of typed, unconverted bars is neither said nor evident.

    `columns` are the file's names of ours; `source` names the file in the error.
    """
    scaled = rows.lazy().select(
        pl.col("code", "date", "open", "high", "low", "close", "factor"),
        *(pl.col(name) * settings.scale(name) for name in ("volume", "amount", "float_shares")),
    )
    frame = scaled.collect()
    ask_about_volume(frame, settings, columns, source)
    ask_about_shares(frame, settings, columns, source)
    if "price" not in settings.units:
        ask_about_prices(frame, source)


def ask_about_volume(
    frame: pl.DataFrame, settings: DataSettings, columns: Mapping[str, str], source: str
) -> None:
    """Hold amount ÷ volume against the close; without amounts, only a column of our own name speaks for itself."""
    ratio = median_of(frame, pl.col("amount") / pl.col("volume") / pl.col("close"))
    if ratio is None and frame["amount"].null_count() < len(frame):
        return  # too few rows to contradict anybody
    if ratio is None:
        called = columns.get("volume", "volume")
        if called != "volume" and "volume" not in settings.units:
            raise InputError(
                f"{source}: the column {called} is read as volume, but its unit is not said and without amounts "
                f"nothing shows it; say it in study.toml: [data.units] volume = {choices('volume')}"
            )
        return
    unsaid = [name for name in ("volume", "amount") if name not in settings.units]
    if not unsaid or 1 / NEAR < ratio < NEAR:
        return
    fitting = [said for said, scale in units_of(unsaid) if 1 / FITS < ratio * scale < FITS]
    if fitting:
        raise InputError(
            f"{source}: amount ÷ volume is {ratio:,.4g} times the close at the median, so its units are not shares and "
            f"yuan; say in study.toml what they are: [data.units] {', or '.join(fitting)}"
        )


def ask_about_shares(
    frame: pl.DataFrame, settings: DataSettings, columns: Mapping[str, str], source: str
) -> None:
    """Hold volume against tradable shares: more of them than there are cannot change hands on a usual day."""
    if "float_shares" in settings.units or "float_shares" not in columns:
        return
    rate = median_of(frame, pl.col("volume") / pl.col("float_shares"))
    called = columns["float_shares"]
    if rate is not None and rate > 1:
        raise InputError(
            f"{source}: the volume of a median day is {rate:,.4g} times the column {called}, read as float_shares; "
            f"say its unit in study.toml: [data.units] float_shares = {choices('float_shares')}"
        )
    if called != "float_shares" and rate is None:
        raise InputError(
            f"{source}: the column {called} is read as float_shares, but its unit is not said and nothing shows it; "
            f"say it in study.toml: [data.units] float_shares = {choices('float_shares')}"
        )


def ask_about_prices(frame: pl.DataFrame, source: str) -> None:
    """Raw prices fall where their factor rises, and are whole cents."""
    ways = (
        'say in study.toml what they are: [data.units] price = "yuan" (raw), "back-adjusted yuan" (price ÷ factor is '
        'raw) or "forward-adjusted yuan" (taken as they are, with a factor of 1)'
    )
    if frame["factor"].null_count() == len(frame):
        if len(frame) >= ENOUGH and (share := off_the_cent(frame)) > 0.5:
            raise InputError(
                f"{source}: {share:.0%} of the closes are not whole cents and there is no factor; {ways}"
            )
        return
    falls, events = falls_with_factor(frame)
    if events >= EVENTS and falls < 0.2 * events:
        raise InputError(
            f"{source}: on {events - falls} of {events} days on which the factor changes, the close does not move "
            f"against it, so prices look adjusted already and would be adjusted twice; {ways}"
        )


def median_of(frame: pl.DataFrame, value: pl.Expr) -> float | None:
    """The median of what is finite and above zero, None where that is too little to show anything."""
    values = frame.select(value.alias("x")).filter(pl.col("x").is_finite() & (pl.col("x") > 0))["x"]
    median = values.median()
    return float(median) if len(values) >= ENOUGH and isinstance(median, float) else None


def off_the_cent(frame: pl.DataFrame) -> float:
    """The share of closes that are no whole cents."""
    cents = pl.col("close") * 100
    rest = (cents - cents.round()).abs()
    return float(frame.select((rest > CENT + SINGLE * cents.abs()).mean()).item() or 0)


def falls_with_factor(frame: pl.DataFrame) -> tuple[int, int]:
    """How often a close moves against a change of its factor, and how many changes there are, in a sample of stocks."""
    sample = frame["code"].unique().sort().head(SAMPLE)
    priced = frame.filter(
        pl.col("code").is_in(sample.implode()) & (pl.col("close") > 0) & (pl.col("factor") > 0)
    )
    moves = (
        priced.sort("code", "date")
        .select(
            factor=pl.col("factor").log().diff().over("code"),
            close=pl.col("close").log().diff().over("code"),
        )
        .filter(pl.col("factor").abs() > LEAST_CHANGE)
    )
    against = (moves["close"] + moves["factor"]).abs() < moves["close"].abs()
    return int(against.sum()), len(moves)


def units_of(names: list[str]) -> Iterator[tuple[str, float]]:
    """Every choice of units for the named columns of amount ÷ volume, spelled for study.toml, and its scale."""
    for chosen in product(*(UNITS[name].items() for name in names)):
        scale = 1.0
        for name, (_, size) in zip(names, chosen, strict=True):
            scale = scale * size if name == "amount" else scale / size
        yield " and ".join(f'{name} = "{unit}"' for name, (unit, _) in zip(names, chosen, strict=True)), scale


def choices(name: str) -> str:
    """The units of a column, spelled for study.toml."""
    return " or ".join(f'"{unit}"' for unit in UNITS[name])
