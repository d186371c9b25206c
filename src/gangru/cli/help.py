"""The command help: the documentation's pages in the terminal, as man has them."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from gangru.errors import GangruError

TOPICS = {
    "tutorial": "from nothing to a monthly",
    "method": "what is published and what is decided here",
    "settings": "every setting of study.toml",
    "commands": "every command with its options",
    "data": "files of your own: kinds, columns, units",
    "vendors": "tushare, BaoStock, AkShare",
    "qlib": "Qlib directories in and out",
    "check": "what is asked of the data",
    "store": "versions, pins, quarantine",
    "facts": "what held on a day",
    "rules": "price limits, lots and costs by date",
    "gan": "the GAN's health and its settings",
    "ablate": "whether the GAN earns its cost",
    "audit": "the proof that nothing sees the future",
    "evaluation": "every figure and its definition",
    "portfolio": "what is bought, at which price",
    "enhance": "an enhanced index",
    "report": "the monthly's contents and formats",
    "editions": "issued once, revised with a reason",
    "monthly": "cron and systemd",
    "serve": "pages to explore it by",
    "scale": "many cores and machines",
    "gpu": "training on a card",
    "extend": "parts of your own",
    "glossary": "the words, in English and Chinese",
}
FILES = {"data": "ingest", "settings": "reference/settings", "commands": "reference/commands"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("help", epilog="Examples:  gangru help   ·   gangru help method   ·   gangru help portfolio")(
        show_help
    )


def show_help(
    topic: Annotated[str | None, typer.Argument(metavar="[TOPIC]", help="A page; none lists them.")] = None,
) -> None:
    """Read the documentation here: the method, the figures, the rules, the settings."""
    from rich.markdown import Markdown
    from rich.table import Table

    from gangru.cli.screen import out

    if topic is None:
        table = Table(box=None, pad_edge=False, show_header=False)
        for name, about in TOPICS.items():
            table.add_row(name, about)
        out.print(table)
        out.print("\ngangru help TOPIC shows a page, gangru COMMAND --help a command.", markup=False)
        return
    if topic not in TOPICS:
        raise GangruError(f"no help on {topic!r}: the topics are {', '.join(TOPICS)}")
    with out.pager(styles=True) if out.is_terminal else out:
        out.print(Markdown(page(topic).read_text("utf-8"), hyperlinks=False))


def page(topic: str) -> Traversable:
    """Where a topic's page lies: in the installed package, or in the checkout that is run."""
    name = f"{FILES.get(topic, topic)}.md"
    installed = files("gangru") / "help" / name
    return installed if installed.is_file() else Path(__file__).parents[3] / "docs" / name
