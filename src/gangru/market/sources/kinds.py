"""What kind of table a file holds, told by the names of its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gangru.errors import InputError
from gangru.market.schema import (
    BARS,
    CALENDAR,
    CODE_CHANGES,
    INDEX_BARS,
    INDUSTRY,
    LISTINGS,
    MEMBERS,
    NAMES,
    SECURITIES,
    ST,
    SUSPENSIONS,
    Table,
)
from gangru.market.sources.settings import TURNOVER, DataSettings


@dataclass(frozen=True)
class Kind:
    """One kind of file: the table it fills, other names of its columns, which column speaks against it.

    A file is of this kind only where it has the columns `telling` by these very names: three kinds have a code, a start
    and an end and nothing else.
    """

    name: str
    table: Table
    aliases: Mapping[str, tuple[str, ...]]
    without: str | None = None
    telling: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()  # columns that the table lacks, but from which others follow
    beside: frozenset[str] | None = (
        None  # the only other columns that such a file may have, where it is not forced
    )


IS_OPEN = "is_open"  # of a calendar that has closed days as well
DAY: dict[str, tuple[str, ...]] = {"date": ("trade_date",)}
SPAN: dict[str, tuple[str, ...]] = {"start": ("start_date",), "end": ("end_date",)}
KINDS = (  # the first whose required columns are all there; bars of index codes alone are kind index
    Kind("bars", BARS, DAY, extra=(TURNOVER,)),
    Kind("index", INDEX_BARS, DAY),
    Kind("members", MEMBERS, SPAN),
    Kind("industry", INDUSTRY, SPAN | {"industry": ("sw_l1", "citic_l1")}),
    Kind("names", NAMES, SPAN),
    Kind(
        "st",
        ST,
        {"start": ("st_start",), "end": ("st_end",)},
        telling=("st_start",),
    ),
    Kind(
        "suspensions",
        SUSPENSIONS,
        {"start": ("suspended_from",), "end": ("suspended_until",)},
        telling=("suspended_from",),
    ),
    Kind(
        "listings",
        LISTINGS,
        {"start": ("listed_from",), "end": ("listed_until",)},
        telling=("listed_from",),
    ),
    Kind("code_changes", CODE_CHANGES, {}),
    Kind("securities", SECURITIES, {}, without="date"),
    Kind(
        "calendar",
        CALENDAR,
        {"date": ("trade_date", "cal_date")},
        without="code",
        extra=(IS_OPEN,),
        beside=frozenset({"exchange", "pretrade_date"}),
    ),
)
TAXONOMIES = {"sw_l1": "sw", "citic_l1": "citic"}  # a column of this name says whose classes it holds


@dataclass(frozen=True)
class Plan:
    """How one file is to be read: its kind, told or forced, and its names of our columns."""

    path: Path
    kind: Kind
    columns: dict[str, str]
    taxonomy: str
    forced: bool


def kind_named(name: str) -> Kind:
    """The kind of this name; raises InputError listing the kinds there are."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise InputError(f"kind {name!r}: expected one of {', '.join(kind.name for kind in KINDS)}")


def plan_file(path: Path, names: Sequence[str], settings: DataSettings, forced: str | None = None) -> Plan:
    """Decide a file's kind and columns; raises InputError naming the columns that it lacks."""
    candidates = (kind_named(forced),) if forced else KINDS
    found = [(kind, matched(kind, names, settings)) for kind in candidates]
    for kind, columns in found:
        alone = kind.beside is None or set(names) <= {*columns.values(), *kind.beside}
        told = all(name in names for name in kind.telling)
        foreign = kind.without in matched(KINDS[0], names, settings) or not (told and alone)
        if not lacking(kind, columns) and (forced is not None or not foreign):
            named = TAXONOMIES.get(columns.get("industry", ""), settings.taxonomy)
            return Plan(path, kind, columns, named, forced=forced is not None)
    asked = [
        pair for pair in found if forced or pair[0].table is not INDEX_BARS
    ]  # codes alone tell index bars
    short = [pair for pair in asked if lacking(*pair)]
    untold = [kind for kind, columns in found if kind.telling and not lacking(kind, columns)]
    if untold:
        raise ambiguous(path, untold, names)
    kind, columns = max(short, key=lambda pair: closeness(*pair))
    raise missing_columns(path, kind, lacking(kind, columns), names)


def matched(kind: Kind, names: Sequence[str], settings: DataSettings) -> dict[str, str]:
    """The file's name of each column that it has: as declared, else our own, else a known other."""
    columns: dict[str, str] = {}
    for ours in (*kind.table.columns, *kind.extra):
        declared = settings.columns.get(ours)
        options = ((declared,) if declared else ()) + (ours, *kind.aliases.get(ours, ()))
        present = [name for name in options if name in names]
        if present:
            columns[ours] = present[0]
    return columns


def lacking(kind: Kind, columns: dict[str, str]) -> list[str]:
    """The required columns that a file does not have."""
    return [name for name in kind.table.required if name not in columns]


def closeness(kind: Kind, columns: dict[str, str]) -> tuple[float, int]:
    """How much of a kind's required columns a file has: the share, then the number."""
    there = len(kind.table.required) - len(lacking(kind, columns))
    return there / len(kind.table.required), there


def missing_columns(path: Path, kind: Kind, missing: Sequence[str], names: Sequence[str]) -> InputError:
    """Say which columns a file lacks to be what it seems to be, and what to do."""
    return InputError(
        f"{path} has no column {', '.join(missing)}, which {kind.name} need; it has {', '.join(names)}. "
        f"Declare other names in study.toml under [data.columns], or force another kind with --as"
    )


def ambiguous(path: Path, kinds: Sequence[Kind], names: Sequence[str]) -> InputError:
    """Ask which of several kinds a file is that has what each of them needs."""
    ways = ", ".join(f"{kind.name} (--as {kind.name}, or name its start {kind.telling[0]})" for kind in kinds)
    return InputError(f"{path} has {', '.join(names)}, which may be {ways}: say which")
