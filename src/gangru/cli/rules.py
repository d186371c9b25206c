"""The command that shows the dated trading rules: rules."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gangru.cli.answers import answer
from gangru.cli.options import Json, day_of

if TYPE_CHECKING:
    from gangru.market.rules_rows import RuleRow

EXAMPLES = """Examples:

  gangru rules                                             every dated row

  gangru rules --date 2020-08-24 --code 300750             what held for a stock on a day

  gangru rules --date 2026-07-03 --code 600519.SH --reference 10.05 --st
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rules", epilog=EXAMPLES)(rules)


def rules(
    day: Annotated[
        str | None, typer.Option("--date", metavar="DAY", help="Only what was in force on the day.")
    ] = None,
    code: Annotated[
        str | None, typer.Option("--code", metavar="CODE", help="Only what holds for the stock.")
    ] = None,
    reference: Annotated[
        float | None,
        typer.Option(
            "--reference",
            metavar="YUAN",
            help="Also the day's limit prices from this reference price; with --date and --code.",
        ),
    ] = None,
    st: Annotated[bool, typer.Option("--st", help="Take the stock as ST.")] = False,
    as_json: Json = False,
) -> None:
    """Show the market's dated rules: price limits, first days, costs and order sizes, with their sources."""
    from gangru.market.rules_rows import board_of, rule_rows

    asked = day_of("--date", day)
    if reference is not None and (asked is None or code is None):
        raise typer.BadParameter("needs --date and --code as well", param_hint="--reference")
    rows = rule_rows(day=asked, board=None if code is None else board_of(code))
    limits = None
    if reference is not None and asked is not None and code is not None:
        from gangru.market.rules import limit_prices_of

        limits = limit_prices_of(code, asked, reference, is_st=st)
        assert limits is not None  # a stock listed long ago always has limits

    def show() -> None:
        from gangru.cli.screen import out

        print_rows(rows)
        if asked is not None and not any(row.rule == "limit" for row in rows):
            out.print(
                f"no limit was in force on {asked}, or none that is known: limit prices are those of the first rule"
            )
        if limits is not None:
            kind = "ST" if st else "not ST, listed for long"
            out.print(
                f"{code} on {asked}, reference {reference:.2f}, {kind}: {limits[0]:.2f} to {limits[1]:.2f}"
            )

    answer({"rules": [asdict(row) for row in rows], "limits": limits}, show, as_json=as_json)


def print_rows(rows: "list[RuleRow]") -> None:
    """The rows as one table."""
    from rich.table import Table

    from gangru.cli.screen import out

    table = Table(box=None, pad_edge=False)
    for name in ("rule", "of", "from", "says", "source"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(row.rule, row.of, f"{row.start}", row.says, row.source)
    out.print(table)
