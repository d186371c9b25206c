"""The account of the seven-year study shows the figures that its scripts wrote."""

import csv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs/results/published"


def table_rows(page: Path) -> list[str]:
    """Rows of a page's tables that hold figures."""
    lines = page.read_text("utf-8").splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith("| ---")]


@pytest.mark.parametrize("page", ["docs/study.md", "README.md"])
def test_its_tables_are_those_that_were_written(page: str) -> None:
    rows = [row for row in table_rows(ROOT / page) if any(letter.isdigit() for letter in row)]
    assert len(rows) > 5
    written = set(table_rows(RESULTS / "tables.md"))
    assert [row for row in rows if row not in written] == []


def test_the_page_of_tables_and_the_csv_files_say_the_same() -> None:
    shown = set(table_rows(RESULTS / "tables.md"))
    files = sorted(path for path in RESULTS.glob("*.csv") if path.name != "monthly.csv")
    assert len(files) > 15
    for path in files:
        with path.open(newline="", encoding="utf-8") as file:
            head, *rows = csv.reader(file)
        assert "| " + " | ".join(head) + " |" in shown, path.name
        for row in rows:
            cells = [cell.replace("-", "−") if cell.startswith("-") else cell or "–" for cell in row]
            assert "| " + " | ".join(cells) + " |" in shown, path.name


def test_the_means_of_the_monthly_series_are_those_of_the_tables() -> None:
    def rows(name: str) -> list[dict[str, str]]:
        with (RESULTS / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    written = {row["all months, from t + 1"]: row for row in rows("all_months.csv")}
    if (RESULTS / "under_way.csv").exists():
        written |= {row["under way: the months so far, from t + 1"]: row for row in rows("under_way.csv")}
    monthly: dict[str, list[dict[str, str]]] = {}
    for row in rows("monthly.csv"):
        monthly.setdefault(row["study"], []).append(row)
    assert monthly
    for study, months in monthly.items():
        for key, column in (("rank_ic", "rank IC, %"), ("ic", "Pearson, %")):
            values = [float(row[key]) for row in months if row[key]]
            assert f"{100 * sum(values) / len(values):.2f}" == written[study][column], (study, column)
        assert len(months) == int(written[study]["months"])


def test_the_results_are_small_and_hold_no_market_data() -> None:
    files = [path for path in RESULTS.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".csv", ".md", ".svg", ".png", ".txt", ".json"}
    assert sum(path.stat().st_size for path in files if path.suffix in (".csv", ".json")) <= 1_000_000
