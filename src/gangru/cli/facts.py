"""The command that says what is known of stocks as of a day."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gangru.cli.answers import answer, line
from gangru.cli.options import Directory, Json, workspace_of

if TYPE_CHECKING:
    import polars as pl

SHOWN = 30  # rows on the terminal where no code is asked for
SIDE_BY_SIDE = 4  # so many stocks stand side by side with all that is known of them; more make a list
LISTED_COLUMNS = ("code", "name", "listed_since", "st", "suspended")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "facts",
        epilog="Examples:  gangru facts 600519 --as-of 2020-06-30   ·   gangru facts --csv facts.csv",
    )(facts)


def facts(
    codes: Annotated[
        list[str] | None, typer.Argument(metavar="CODE…", help="Stocks, old codes among them; default all.")
    ] = None,
    day: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", formats=["%Y-%m-%d"], metavar="DAY", help="The day; default the store's last."
        ),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write all rows here instead.")
    ] = None,
    directory: Directory = None,
    as_json: Json = False,
) -> None:
    """Say what was known of each listed stock on a day: code and name then, listing, ST, suspension, classes, indices.

    Names are those of the day where the store has them; a name of the list of securities is marked as today's, and
    nothing is concluded from it.
    """
    import polars as pl

    from gangru.atomic import write_text
    from gangru.errors import MarketError
    from gangru.market.facts import facts_of

    known = facts_of(workspace_of(directory).store)
    last = known.bars.select(pl.col("date").max()).collect().item()
    when = day.date() if day else last
    if when is None:
        raise MarketError("the store has no bars, so --as-of has no default: give a day")
    table = known.as_of(when)
    if codes:
        asked = known.identities.of(spelled_codes(codes))
        missing = asked.filter(~asked.is_in(table["identity"].implode()))
        if len(missing):
            raise MarketError(f"{', '.join(missing)}: not listed on {when}, or not in the store")
        table = table.filter(pl.col("identity").is_in(asked.implode()))
    flat = table.with_columns(pl.col("indices").list.join(" "))
    if csv:
        write_text(csv, flat.write_csv())
        told = line(f"wrote {csv}: {len(flat):,} stocks as of {when}")
        answer({"as_of": when, "written": csv}, told, as_json=as_json)
        return
    document = {"as_of": when, "stocks": table.to_dicts() if as_json else []}
    answer(document, lambda: print_facts(flat, when, every=bool(codes)), as_json=as_json)


def print_facts(flat: "pl.DataFrame", when: date, *, every: bool) -> None:
    """A few stocks with all that is known of them side by side, or a list; of `every` one or of the first."""
    import polars as pl

    from gangru.cli.screen import out
    from gangru.market.facts import OF_TODAY

    title = f"{len(flat):,} stocks as of {when}"
    if len(flat) <= SIDE_BY_SIDE:
        named = [(name.replace("_", " "), *flat[name]) for name in flat.columns if name != "code"]
        show(["", *flat["code"]], named, title)
        return
    today = pl.col("name_from") == OF_TODAY
    flat = flat.with_columns(pl.when(today).then("(" + pl.col("name") + ")").otherwise("name").alias("name"))
    listed = flat.select(*LISTED_COLUMNS, pl.selectors.starts_with("industry_"))
    headings = [name.replace("_", " ") for name in listed.columns]
    show(headings, listed.rows() if every else listed.head(SHOWN).rows(), title)
    if (flat["name_from"] == OF_TODAY).any():
        out.print("a name in brackets is today's, from the list of securities")
    if not every and len(flat) > SHOWN:
        out.print(
            f"the first {SHOWN}; name some CODEs to see all of them, or write everything with --csv FILE"
        )


def spelled_codes(codes: list[str]) -> "pl.Series":
    """Codes in our spelling; raises InputError for one that cannot be."""
    import polars as pl

    from gangru.errors import InputError
    from gangru.market.codes import canonical_codes

    spelled = canonical_codes(pl.Series("code", codes, dtype=pl.String))
    if spelled.null_count():
        bad = [code for code, ours in zip(codes, spelled, strict=True) if ours is None]
        raise InputError(f"{', '.join(bad)}: expected a code such as 600519.SH, SZ000001 or 300114")
    return spelled


def show(headings: Sequence[str], rows: Sequence[Sequence[object]], title: str) -> None:
    """Print a table on stdout."""
    from rich.markup import escape
    from rich.table import Table

    from gangru.cli.screen import out

    grid = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in headings:
        grid.add_column(heading, overflow="fold")
    for row in rows:
        grid.add_row(*(escape(shown(value)) for value in row))
    out.print(grid)


def shown(value: object) -> str:
    """A cell: yes, no, or – where it is not known."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else str(value)
