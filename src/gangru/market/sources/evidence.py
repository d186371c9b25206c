"""What bars of unsaid units and prices of unsaid adjustment show by themselves; where that is not enough, ask.

A column that carries our name carries our unit, unless the numbers say otherwise. A column of another name has to have
its unit said, or shown by the numbers: amount over volume is a price, volume over tradable shares a rate below one, and
a raw price is a whole number of cents and falls on the day its factor rises. What study.toml says is held against the
numbers as well. Nothing is converted on evidence: the error says what fits, the user says what is.
"""

from collections.abc import Iterator, Mapping
from itertools import product

import polars as pl

from gangru.errors import InputError
from gangru.market.sources.settings import UNITS, DataSettings

NEAR = 1.5  # a median amount over volume × close within this factor of 1 shows that the units fit
FITS = 1.25  # and within this factor of a unit's scale, that another unit does
ENOUGH = 50  # rows, below which numbers contradict nobody,
A_FEW = 3  # unless these and more say the same with one voice
A_MARKET = 20  # codes, from which a median day is that of a market and not of one stock
RATES = (1e-5, 0.3)  # volume over tradable shares of a market's median day
EVENTS = 20  # factor changes, below which they show nothing
LEAST_CHANGE = 0.02  # of a factor
SAMPLE = 300  # stocks looked at for factor changes
CENT, SINGLE = 1e-3, 1e-6  # of a cent: what a price may lie off it, absolutely and in single precision
BY_CENTS = 10  # rows, below which cents show nothing where there is a factor
ONE = "prices are fractions of a cent with a factor of 1: taken as adjusted already; limits and vwap cannot be checked"


def ask_where_unclear(
    rows: pl.DataFrame, settings: DataSettings, columns: Mapping[str, str], source: str
) -> None:
    """Raise InputError where the meaning of typed, unconverted bars is neither said nor evident.

    `columns` are the file's names of ours; `source` names the file in the error.
    """
    price = pl.col("close") / pl.col("factor") if settings.back_adjusted else pl.col("close")
    frame = rows.select(
        "code",
        "date",
        "close",
        "factor",
        price.alias("raw"),
        *(pl.col(name) * settings.scale(name) for name in ("volume", "amount", "float_shares")),
    )
    if "price" not in settings.units:
        ask_about_prices(frame, source)
    if not settings.forward_adjusted:
        ask_about_volume(frame, settings, columns, source)
    ask_about_shares(frame, settings, columns, source)


def ask_about_names(settings: DataSettings, columns: Mapping[str, str], source: str) -> None:
    """Index bars show no units: raise InputError where a column of another name has none said."""
    for name in ("volume", "amount"):
        if foreign(name, settings, columns):
            raise not_said(name, columns, source)


def ask_about_volume(
    frame: pl.DataFrame, settings: DataSettings, columns: Mapping[str, str], source: str
) -> None:
    """Hold amount ÷ volume against the close."""
    price = pl.col("amount") / pl.col("volume") / pl.col("raw")
    ratio, count = median_of(frame, price)
    if ratio is not None and 1 / NEAR < ratio < NEAR:
        return
    unsaid = [name for name in ("volume", "amount") if name not in settings.units]
    if ratio is not None and (count >= ENOUGH or (count >= A_FEW and as_one(frame, price, ratio))):
        free = unsaid or ["volume", "amount"]
        scales = {name: settings.scale(name) for name in free}
        fitting = [said for said, scale in units_of(scales) if 1 / FITS < ratio * scale < FITS]
        if fitting:
            said = "what they are" if unsaid else "otherwise"
            raise InputError(
                f"{source}: amount ÷ volume is {ratio:,.4g} times the close at the median, so its units are not "
                f"{named(settings)}; say in study.toml {said}: [data.units] {', or '.join(fitting)}"
            )
    for name in unsaid:
        if foreign(name, settings, columns):
            raise not_said(name, columns, source)


def as_one(frame: pl.DataFrame, value: pl.Expr, median: float) -> bool:
    """Whether all that is finite and above zero lies as near to its median as a unit's scale has to be."""
    off = pl.when(value.is_finite() & (value > 0)).then((value / median).log().abs().exp())
    return bool(frame.select((off.drop_nulls() < FITS).all()).item())


def ask_about_shares(
    frame: pl.DataFrame, settings: DataSettings, columns: Mapping[str, str], source: str
) -> None:
    """Hold volume against tradable shares: more of them than there are cannot change hands on a usual day."""
    if "float_shares" in settings.units or "float_shares" not in columns:
        return
    if foreign("float_shares", settings, columns):
        raise not_said("float_shares", columns, source)
    rate, count = median_of(frame, pl.col("volume") / pl.col("float_shares"))
    least, most = RATES if frame["code"].n_unique() >= A_MARKET else (0.0, 1.0)
    if rate is not None and count >= ENOUGH and not least <= rate <= most:
        raise InputError(
            f"{source}: the volume of a median day is {rate:,.4g} times float_shares; say the unit of one or the other "
            f"in study.toml: [data.units] float_shares = {choices('float_shares')}"
        )


def ask_about_prices(frame: pl.DataFrame, source: str) -> None:
    """Raw prices are whole cents, and fall where their factor rises; a factor of 1 throughout says adjusted already."""
    ways = (
        'say in study.toml what they are: [data.units] price = "yuan" (raw), "back-adjusted yuan" (price ÷ factor is '
        'raw) or "forward-adjusted yuan" (taken as they are, with a factor of 1)'
    )
    factors = frame["factor"].drop_nulls()
    broken, rows = off_the_cent(frame), len(frame)
    if factors.is_empty():
        if rows >= ENOUGH and broken > 0.5:
            raise InputError(
                f"{source}: {broken:.0%} of the closes are not whole cents and there is no factor; {ways}"
            )
        return
    if (factors == 1).all():
        return
    if rows >= BY_CENTS and broken > 0.5:
        raise InputError(
            f"{source}: {broken:.0%} of the closes are not whole cents, so prices look adjusted already, and with "
            f"their factor would be adjusted twice; {ways}"
        )
    falls, events = falls_with_factor(frame)
    if events >= EVENTS and falls < 0.2 * events:
        raise InputError(
            f"{source}: on {events - falls} of {events} days on which the factor changes, the close does not move "
            f"against it, so prices look adjusted already and would be adjusted twice; {ways}"
        )


def taken_as_adjusted(rows: pl.DataFrame) -> tuple[str, ...]:
    """A note on typed bars whose prices are fractions of a cent while their factor is 1 throughout."""
    factors = rows["factor"].drop_nulls()
    plain = len(factors) > 0 and bool((factors == 1).all())
    return (ONE,) if plain and len(rows) >= BY_CENTS and off_the_cent(rows) > 0.5 else ()


def foreign(name: str, settings: DataSettings, columns: Mapping[str, str]) -> bool:
    """Whether a file calls our column by another name, and its unit is not said."""
    return name in columns and columns[name] != name and name not in settings.units


def not_said(name: str, columns: Mapping[str, str], source: str) -> InputError:
    """Ask for the unit of a column of another name."""
    return InputError(
        f"{source}: the column {columns[name]} is read as {name}, but its unit is not said and the numbers do not "
        f"show it; say it in study.toml: [data.units] {name} = {choices(name)}"
    )


def named(settings: DataSettings) -> str:
    """The units that volume and amount are taken in."""
    volume, amount = settings.units.get("volume", "shares"), settings.units.get("amount", "yuan")
    return f"{volume} and {amount}"


def median_of(frame: pl.DataFrame, value: pl.Expr) -> tuple[float | None, int]:
    """The median of what is finite and above zero, None where nothing is, and how many rows that are."""
    values = frame.select(value.alias("x")).filter(pl.col("x").is_finite() & (pl.col("x") > 0))["x"]
    median = values.median()
    return (float(median) if isinstance(median, float) else None), len(values)


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


def units_of(scales: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """Every choice of units for the columns of amount ÷ volume, spelled for study.toml, over their present scales."""
    for chosen in product(*(UNITS[name].items() for name in scales)):
        scale = 1.0
        for name, (_, size) in zip(scales, chosen, strict=True):
            step = size / scales[name]
            scale = scale * step if name == "amount" else scale / step
        yield (
            " and ".join(f'{name} = "{unit}"' for name, (unit, _) in zip(scales, chosen, strict=True)),
            scale,
        )


def choices(name: str) -> str:
    """The units of a column, spelled for study.toml."""
    return " or ".join(f'"{unit}"' for unit in UNITS[name])
