"""docs/ingest.md says what the code does."""

import re
import tomllib
from pathlib import Path

from gangru.market.quality import RULES, UNREADABLE
from gangru.market.sources.kinds import KINDS
from gangru.market.sources.settings import UNITS, DataSettings

DOCS = (Path(__file__).parents[2] / "docs" / "ingest.md").read_text(encoding="utf-8")


def rows(header: str) -> list[list[str]]:
    """The cells of the table whose header line begins so."""
    lines = DOCS[DOCS.index(header) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def named(cell: str) -> list[str]:
    return [name.strip() for name in cell.split(",") if name.strip()]


def test_the_table_of_kinds_is_the_code_s() -> None:
    documented = rows("| kind |")
    assert [row[0] for row in documented] == [kind.name for kind in KINDS]
    for kind, (_, required, optional, others, table) in zip(KINDS, documented, strict=True):
        assert set(named(required)) == set(kind.table.required)
        assert set(named(optional)) == set(kind.table.columns) - set(kind.table.required)
        aliases = {
            part.split(":")[0].strip(): tuple(named(part.split(":")[1]))
            for part in others.split(";")
            if part.strip()
        }
        assert aliases == dict(kind.aliases)
        assert table == kind.table.name


def test_the_table_of_units_is_the_code_s() -> None:
    assert {column: named(units) for column, units in rows("| column | units |")} == {
        column: list(units) for column, units in UNITS.items()
    }


def test_every_fault_of_the_code_is_listed() -> None:
    listed = {row[0] for row in rows("| reason |")}
    coded = {rule.reason for rules in RULES.values() for rule in rules} | set(UNREADABLE.values())
    others = {"missing", "no trading day of the store's calendar", "repeats the key", "contradicts another"}
    assert listed == coded | others


def test_the_example_of_study_toml_is_valid() -> None:
    example = re.search(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    assert example
    settings = DataSettings(**tomllib.loads(example[1])["data"])
    assert settings.scale("volume") == 100.0
    assert settings.scale("amount") == 1000.0
    assert settings.scale("float_shares") == 1.0
