"""Any table against a small simulated market: by the command, by the call, and whatever is odd about the table."""

import dataclasses
import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import Result
from rich.cells import cell_len
from typer.testing import CliRunner

import gangru
from gangru.cli import evaluation_tables, screen
from gangru.cli.app import app
from gangru.cli.evaluate import named
from gangru.cli.evaluation_tables import print_evaluation
from gangru.cli.screen import Screen
from gangru.errors import EvaluationError, GangruError
from gangru.evaluation.document import to_json
from gangru.evaluation.result import Evaluation
from gangru.study import stages
from gangru.study.evaluating import evaluate_own
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.own_factor import factor_table
from gangru.study.tables import tables_of, write_tables
from small import small_workspace


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """A small simulated market with a study's factor that no training has cost."""
    root = tmp_path_factory.mktemp("evaluating") / "ws"
    loaded = load_inputs(small_workspace(root, simulate__last="2019-12-31"))
    made = stages.FactorTable(
        random_table(loaded, month_ends(loaded)).with_columns(
            pret=pl.col("factor") * 0.1, fold=pl.lit("none")
        ),
        pl.DataFrame({"date": [date(2019, 1, 31)], "reason": ["made up"], "count": [3]}),
    )
    stages.write_factor(loaded, made)
    return loaded


def month_ends(inputs: Inputs) -> list[date]:
    """The last trading days of the months from 2018-06, the last one's left out."""
    days = inputs.market.dates
    month = days.astype("datetime64[M]")
    ends = days[:-1][month[1:] != month[:-1]]
    return ends[ends >= np.datetime64("2018-06-01")].tolist()


def random_table(inputs: Inputs, days: list[date], seed: int = 0) -> pl.DataFrame:
    """Date, code and a random factor of every stock on each of the days; a day's values are its own."""
    codes = inputs.market.codes.tolist()
    frames = [
        pl.DataFrame(
            {
                "date": [day] * len(codes),
                "code": codes,
                "factor": np.random.default_rng([seed, day.toordinal()]).normal(size=len(codes)),
            }
        )
        for day in days
    ]
    return pl.concat(frames)


@pytest.fixture(scope="module")
def table(inputs: Inputs) -> pl.DataFrame:
    return random_table(inputs, month_ends(inputs))


@pytest.fixture(scope="module")
def base(inputs: Inputs, table: pl.DataFrame) -> Evaluation:
    return measured(inputs, table)


def measured(inputs: Inputs, frame: pl.DataFrame, **more: Any) -> Evaluation:
    return evaluate_own(inputs, factor_table(frame), "factor", **more)


def document(evaluation: Evaluation) -> dict[str, Any]:
    """The JSON object without what only counts rows."""
    told: dict[str, Any] = dict(to_json(evaluation))
    del told["data"]
    return told


def drops(evaluation: Evaluation, stage: str = "factor") -> dict[str, int]:
    lost = evaluation.drops.filter((pl.col("stage") == stage) & (pl.col("count") > 0))
    return dict(lost.select("reason", "count").iter_rows())


def numbers(value: Any) -> Iterator[float]:
    """Every number in a JSON object."""
    if isinstance(value, dict):
        for item in value.values():
            yield from numbers(item)
    elif isinstance(value, list):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, float | int) and not isinstance(value, bool):
        yield value


DIGITS, EXCHANGE = pl.col("code").str.head(6), pl.col("code").str.tail(2)
SPELLINGS = {
    "text": [EXCHANGE + DIGITS, pl.col("date").dt.strftime("%Y%m%d"), pl.col("factor").cast(pl.String)],
    "numbers": [DIGITS, pl.col("date").dt.strftime("%Y%m%d").cast(pl.Int64).alias("date")],
    "times and categories": [
        (EXCHANGE.str.to_lowercase() + "." + DIGITS).cast(pl.Categorical),
        pl.col("date").cast(pl.Datetime("ns")).dt.replace_time_zone("Asia/Shanghai"),
    ],
}


@pytest.mark.parametrize("form", SPELLINGS)
def test_the_spelling_of_a_table_changes_nothing(
    inputs: Inputs, table: pl.DataFrame, base: Evaluation, form: str
) -> None:
    told = table.with_columns(SPELLINGS[form])
    assert told.schema != table.schema
    assert told["code"].cast(pl.String).to_list() != table["code"].to_list()
    assert to_json(measured(inputs, told)) == to_json(base)


def test_whole_number_codes_lose_shenzhen_main_board_and_say_so(inputs: Inputs, table: pl.DataFrame) -> None:
    eaten = table.with_columns(pl.col("code").str.head(6).cast(pl.Int64))
    lost = int(table["code"].str.starts_with("00").sum())
    assert lost > 0
    assert drops(measured(inputs, eaten)) == {"code cannot be read": lost}


def test_a_daily_table_has_the_figures_of_its_month_ends(inputs: Inputs, base: Evaluation) -> None:
    days = inputs.market.dates
    daily = random_table(inputs, days[days >= np.datetime64("2018-06-01")].tolist())
    every_day = measured(inputs, daily)
    one, other = document(base), document(every_day)
    for part, dates in ((one, month_ends(inputs)), (other, daily["date"].unique().sort().to_list())):
        seen = [str(day) for day in dates if day <= date(2019, 11, 29)]
        assert [row["date"] for row in part["anatomy"].pop("dated")] == seen  # of every date, as they say
        del part["anatomy"]["horizons"]
    assert one == other
    assert drops(every_day)["date is not its month's newest"] > 25_000


def test_the_old_code_of_a_security_is_its_new_one(
    inputs: Inputs, table: pl.DataFrame, base: Evaluation
) -> None:
    newest = inputs.market.codes[0].item()
    identities = dataclasses.replace(inputs.facts.identities, newest={"300114.SZ": newest})
    renamed = dataclasses.replace(inputs, facts=dataclasses.replace(inputs.facts, identities=identities))
    old = table.with_columns(pl.col("code").replace({newest: "SZ300114"}))
    assert to_json(measured(renamed, old)) == to_json(base)
    assert drops(measured(inputs, old))["code is not in the market"] == len(month_ends(inputs))
    both = pl.concat([table, old.filter(pl.col("code") == "SZ300114").with_columns(pl.col("factor") + 1)])
    assert drops(measured(renamed, both)) == {
        "date and code repeated with different values": 2 * len(month_ends(inputs))
    }


def test_odd_rows_are_counted_and_the_rest_is_measured_as_before(
    inputs: Inputs, table: pl.DataFrame, base: Evaluation
) -> None:
    good, day = table.row(0, named=True), table["date"][0]
    odd = [
        (day, good["code"], good["factor"]),  # the same again
        (day, "399001.SZ", 1.0),
        (day, "1", 1.0),
        (day, good["code"], None),
        (day, good["code"], math.inf),
        (None, good["code"], 1.0),
        (date(2018, 7, 1), good["code"], 1.0),
        (date(2017, 1, 3), good["code"], 1.0),
        (date(2030, 1, 3), good["code"], 1.0),
    ]
    rows = pl.DataFrame(odd, schema=table.schema, orient="row")
    evaluation = measured(inputs, pl.concat([rows, table]))
    assert document(evaluation) == document(base)
    assert drops(evaluation) == {
        "date and code repeated": 1,
        "code is not in the market": 1,
        "code cannot be read": 1,
        "factor missing or not finite": 2,
        "date cannot be read": 1,
        "date is no trading day": 1,
        "date before the data": 1,
        "date after the data": 1,
    }


def test_a_month_without_rows_is_told_and_in_no_ic(inputs: Inputs, table: pl.DataFrame) -> None:
    gone = month_ends(inputs)[5]
    evaluation = measured(inputs, table.filter(pl.col("date") != gone))
    row = evaluation.series.row(5, named=True)
    assert (row["rank_ic"], row["factor_date"]) == (None, None)
    assert any("1 of 17 months have no factor (2018-12)" in note for note in evaluation.notes)
    assert evaluation.headline.months == 16


def test_a_month_of_three_stocks_has_no_ic_and_is_counted(inputs: Inputs, table: pl.DataFrame) -> None:
    day = month_ends(inputs)[5]
    few = table.filter((pl.col("date") != day) | pl.col("code").is_in(inputs.market.codes[:3].tolist()))
    evaluation = measured(inputs, few)
    assert evaluation.series["rank_ic"].null_count() == 1
    assert drops(evaluation, "return")["month with too few stocks for an IC"] == 1
    assert finite(evaluation)


def finite(evaluation: Evaluation) -> bool:
    """Whether the document holds only finite numbers and nulls, as JSON demands."""
    text = json.dumps(to_json(evaluation), allow_nan=False)
    return all(math.isfinite(value) for value in numbers(json.loads(text)))


@pytest.mark.parametrize(
    "name", ["constant", "two values", "sign", "three stocks", "single date", "last date", "huge"]
)
def test_a_degenerate_factor_is_measured_with_what_is_undefined_as_null(
    inputs: Inputs, table: pl.DataFrame, name: str
) -> None:
    factor, days = pl.col("factor"), month_ends(inputs)
    frame = {
        "constant": table.with_columns(factor=pl.lit(1.0)),
        "two values": table.with_columns((factor > 1.5).cast(pl.Float64).alias("factor")),
        "sign": table.with_columns(factor.sign()),
        "three stocks": table.filter(pl.col("code").is_in(inputs.market.codes[:3].tolist())),
        "single date": table.filter(pl.col("date") == days[3]),
        "last date": table.filter(pl.col("date") == days[-1]),
        "huge": table.with_columns(factor * 1e300),
    }[name]
    evaluation = measured(
        inputs, frame, others={"itself": factor_table(frame), "random": factor_table(table)}
    )
    assert finite(evaluation)
    figures = evaluation.headline
    if name in ("constant", "three stocks"):
        assert (figures.ic_mean, figures.icir, figures.ic_t) == (None, None, None)
        assert any("have no IC" in note for note in evaluation.notes)
    if name == "single date":
        assert figures.months == 1
        assert (figures.icir, figures.ic_1y) == (None, None)
    if name == "last date":
        assert figures.months == 0
        assert any("No return month is known yet" in note for note in evaluation.notes)
        assert len(evaluation.picks)
    if name == "huge":
        assert figures.ic_mean == pytest.approx(measured(inputs, table).headline.ic_mean, rel=1e-12)
    shown(evaluation)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.head(0), "it is empty"),
        (lambda t: t.with_columns(pl.col("date").dt.offset_by("-20y")), r"date before the data: 1\d{3}"),
        (lambda t: t.with_columns(pl.col("date").dt.offset_by("20y")), r"date after the data: 1\d{3}"),
        (lambda t: t.with_columns(factor=pl.lit("high")), r"factor is no number: 1\d{3}"),
        (
            lambda t: t.with_columns(date=pl.lit("soon")),
            r"date cannot be read: 1\d{3}.*expected dates as 2020-01-31",
        ),
        (lambda t: t.with_columns(code=pl.lit(1)), r"code cannot be read: 1\d{3}.*codes as 600519.SH"),
    ],
)
def test_a_table_without_a_usable_row_is_an_error_that_counts_why(
    inputs: Inputs, table: pl.DataFrame, change: Callable[[pl.DataFrame], pl.DataFrame], says: str
) -> None:
    with pytest.raises(EvaluationError, match=rf"^no row of mine\.csv can be evaluated \(.*{says}"):
        measured(inputs, change(table), source="mine.csv")
    with pytest.raises(
        EvaluationError, match=rf"^no row of the other factor value can be evaluated \(.*{says}"
    ):
        measured(inputs, table, others={"value": factor_table(change(table))})


def test_another_factor_without_a_usable_row_is_named(inputs: Inputs, table: pl.DataFrame) -> None:
    with pytest.raises(
        EvaluationError, match=r"^no row of the other factor value can be evaluated \(it is empty\)"
    ):
        measured(inputs, table, others={"value": factor_table(table.head(0))})


def test_rows_of_other_factors_are_counted_too(inputs: Inputs, table: pl.DataFrame) -> None:
    other = table.with_columns(
        pl.when(pl.col("code") == table["code"][0]).then(None).otherwise("factor").alias("factor")
    )
    evaluation = measured(inputs, table, others={"value": factor_table(other)})
    assert drops(evaluation, "other value")["factor missing or not finite"] == len(month_ends(inputs))
    assert drops(evaluation) == {}


# The call.


def test_the_call_gives_what_the_command_prints(inputs: Inputs, table: pl.DataFrame, tmp_path: Path) -> None:
    root = inputs.workspace.root
    mine, value = tmp_path / "mine.csv", tmp_path / "value.parquet"
    table.rename({"factor": "score"}).write_csv(mine)
    other = random_table(inputs, month_ends(inputs), seed=1).rename({"factor": "score"})
    other.write_parquet(value)
    result = command(
        "--factor", mine, "--other", value, "--column", "score", "--json", "--month", "2019-06", at=root
    )
    said = json.loads(result.stdout)
    frame = table.rename({"factor": "score"}).to_pandas().set_index(["date", "code"])
    for one, more in ((frame["score"], other.to_pandas()), (frame, other.lazy()), (mine, str(value))):
        evaluation = gangru.evaluate(one, root, column="score", others={"value": more}, month="2019-06")
        own = json.loads(json.dumps(to_json(evaluation)))
        assert own.pop("study") == ("mine" if one is mine else "score")
        own["data"]["limits"] = said["data"]["limits"]
        assert own == {name: part for name, part in said.items() if name != "study"}
    assert said["study"] == "mine"
    assert said["last_month"] == "2019-06"
    assert [row["other"] for row in said["anatomy"]["correlations"]] == ["value"]


def test_the_call_says_which_table_is_at_fault(inputs: Inputs, table: pl.DataFrame, tmp_path: Path) -> None:
    root = inputs.workspace.root
    with pytest.raises(EvaluationError, match=r"^the factor table lacks factor"):
        gangru.evaluate(table.drop("factor"), root)
    with pytest.raises(EvaluationError, match=r"^the other factor value lacks factor"):
        gangru.evaluate(table, root, others={"value": table.drop("factor")})
    with pytest.raises(EvaluationError, match="last_month = '2019-13': expected a month as YYYY-MM"):
        gangru.evaluate(table, root, month="2019-13")
    with pytest.raises(GangruError, match="gangru init"):
        gangru.evaluate(table, tmp_path)
    with pytest.raises(GangruError, match="there is no study 'other'"):
        gangru.evaluate(table, root, study="other")


def test_importing_the_package_is_instant_and_loads_nothing() -> None:
    script = (
        "import time; started = time.perf_counter(); import gangru, sys; took = time.perf_counter() - started; "
        "assert callable(gangru.evaluate); "
        "print([m for m in ('torch', 'polars', 'numpy', 'pandas') if m in sys.modules], took < 0.3)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"


# The command.


def command(*words: str | Path, at: Path) -> Result:
    """`gangru evaluate` in this process; a failure is raised as `main` would tell it."""
    result = CliRunner().invoke(app, ["evaluate", "-C", str(at), *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def file(table: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "mine.csv"
    table.write_csv(path)
    return path


def test_json_alone_is_on_stdout_and_every_number_finite(inputs: Inputs, file: Path) -> None:
    words = [sys.executable, "-W", "ignore", "-m", "gangru", "evaluate", "-C", str(inputs.workspace.root)]
    done = subprocess.run(
        [*words, "--factor", str(file), "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1

    def refuse(name: str) -> None:
        raise AssertionError(name)

    told = json.loads(done.stdout, parse_constant=refuse)
    assert {"schema_version", "headline", "anatomy", "trading", "data"} <= told.keys()
    assert all(math.isfinite(value) for value in numbers(told))
    assert {"horizons", "by_size", "purified", "correlations"} <= told["anatomy"].keys()
    assert {"gross", "net", "capacity", "drawdowns"} <= told["trading"].keys()
    assert "excluded" not in told["data"]  # nothing is known of who was left out when it was made
    assert "reading the market" in done.stderr


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (
            ("--factor", "nowhere.csv"),
            1,
            "gangru: nowhere.csv is not there: expected a file of date, code, factor",
        ),
        (
            ("--factor", "f.csv", "--column", "nothing"),
            1,
            "f.csv lacks nothing: expected date, code, nothing; got date",
        ),
        (("--other", "nowhere.parquet"), 1, "gangru: nowhere.parquet is not there"),
        (("--factor",), 2, "requires an argument"),
        (("--column", "x"), 2, "names the value of --factor or --other"),
    ],
)
def test_failures_are_one_line_with_their_exit_status(
    inputs: Inputs, tmp_path: Path, words: tuple[str, ...], status: int, says: str
) -> None:
    (tmp_path / "f.csv").write_text("date,code,factor\n2019-01-31,600519,1\n")
    start = [sys.executable, "-W", "ignore", "-m", "gangru", "evaluate", "-C", str(inputs.workspace.root)]
    done = subprocess.run([*start, *words], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == status
    assert says in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_factor_of_somebody_else_leaves_the_study_as_it_was(inputs: Inputs, file: Path) -> None:
    runs, root = inputs.workspace.runs, inputs.workspace.root
    kept = inputs.workspace.evaluation_path
    kept.unlink(missing_ok=True)
    command("--factor", file, at=root)
    assert not kept.exists()
    own = json.loads(command("--json", at=root).stdout)
    assert json.loads(kept.read_text("utf-8")) == own
    assert own["data"]["excluded"] == {"made up": 3}
    assert own["headline_raw"]["months"] == 17
    before = {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()}
    command("--factor", file, "--json", at=root)
    command("--month", "2019-03", at=root)
    command("--other", file, at=root)
    assert before == {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()}


def test_two_files_of_one_name_are_both_compared_with(inputs: Inputs, file: Path, tmp_path: Path) -> None:
    twin = tmp_path / "mine.csv"
    random_table(inputs, month_ends(inputs), seed=2).write_csv(twin)
    told = json.loads(command("--other", file, "--other", twin, "--json", at=inputs.workspace.root).stdout)
    assert [row["other"] for row in told["anatomy"]["correlations"]] == [str(file), str(twin)]
    assert named([Path("a/x.csv"), Path("y.csv")]) == {"x": Path("a/x.csv"), "y": Path("y.csv")}


def test_every_table_is_a_csv_file_that_reads_back(inputs: Inputs, file: Path, tmp_path: Path) -> None:
    into = tmp_path / "new" / "tables"
    result = command("--factor", file, "--csv", into, "--json", at=inputs.workspace.root)
    told = json.loads(result.stdout)
    assert f"{len(list(into.iterdir()))} tables → {into}" in result.stderr.replace("\n", "")
    names = {path.stem for path in into.iterdir()}
    assert {"headline", "series", "deciles", "picks", "drops", "anatomy_horizons", "trading_orders",
            "trading_capacity", "trading_performance"} <= names  # fmt: skip
    series = pl.read_csv(into / "series.csv")
    assert series["rank_ic"].to_list() == [row["rank_ic"] for row in told["series"]]
    assert pl.read_csv(into / "headline.csv")["ic_mean"][0] == told["headline"]["ic_mean"]
    net = pl.read_csv(into / "trading_performance.csv").row(1, named=True)
    assert (net["of"], net["annual_return"]) == ("net", told["trading"]["net"]["annual_return"])
    assert all("NaN" not in path.read_text("utf-8") for path in into.iterdir())
    with pytest.raises(OSError, match="exists"):
        command("--factor", file, "--csv", file, at=inputs.workspace.root)


def test_no_csv_cell_is_a_formula_and_numbers_stay_numbers(base: Evaluation, tmp_path: Path) -> None:
    evil = [
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "＋1",
        "－1",
        "＠1",
    ]
    fine = ["*ST海航", "贵州茅台", "a=b", "'quoted"]
    names = (evil + fine) * 10
    picks = base.picks.with_columns(
        pl.Series("name", names[: len(base.picks)]), pl.lit("-industry").alias("industry")
    )
    write_tables(dataclasses.replace(base, picks=picks), tmp_path)
    read = pl.read_csv(tmp_path / "picks.csv")
    assert read["name"].to_list()[:15] == ["'" + name for name in evil] + fine
    assert read["industry"].unique().to_list() == ["'-industry"]
    assert read["score"].to_list() == base.picks["score"].to_list()
    assert (read["score"] < 0).any()
    for path in tmp_path.iterdir():
        frame = pl.read_csv(path, infer_schema_length=None)
        texts = (
            frame.select(pl.col(pl.String).cast(pl.String), pl.lit("").alias("_"))
            .unpivot()["value"]
            .drop_nulls()
        )
        assert not texts.str.contains(r"^[=+\-@\t\r\n＝＋－＠]").any(), path.name
    assert set(tables_of(base)) == {path.stem for path in tmp_path.iterdir()}


# The terminal.


def shown(evaluation: Evaluation, width: int = 80) -> list[str]:
    """The lines that `gangru evaluate` prints in a terminal of that width."""
    kept = evaluation_tables.out, screen.out
    console = Screen(highlight=False, width=width)
    evaluation_tables.out = screen.out = console
    try:
        with console.capture() as printed:
            print_evaluation(evaluation)
    finally:
        evaluation_tables.out, screen.out = kept
    return printed.get().splitlines()


def check_unfolded(evaluation: Evaluation) -> None:
    """In a terminal wide enough for any table, nothing but sentences is wider than 80 columns."""
    sentences = ("note: ", "Best 5 industries by ", "Highest less lowest group: ", "Mean weight in ")
    lines = [line for line in shown(evaluation, width=200) if not line.startswith(sentences)]
    assert max(map(cell_len, lines)) <= 80, max(lines, key=cell_len)


def test_the_terminal_shows_everything_within_80_columns(inputs: Inputs, table: pl.DataFrame) -> None:
    long = "an_other_factor_with_a_name_" + "very_" * 20 + "long"
    evaluation = measured(
        inputs, table, others={long: factor_table(table), "[red]动量[/]": factor_table(table)}
    )
    evaluation = dataclasses.replace(evaluation, study="[/b]mine")
    lines = shown(evaluation)
    text = "\n".join(lines)
    assert max(map(cell_len, lines)) <= 80
    assert "…" not in text
    assert "nan" not in text
    assert "-0.00" not in text
    assert "[/b]mine: return months 2018-07 to 2019-11" in text
    assert "[red]动量[/]" in text
    assert long in "".join(line.split("  ")[0].strip() for line in lines)
    for heading in ("By year", "Groups by factor", "industries", "ICs of every factor date", "Styles", "Other factors",
                    "Annual figures", "Worst drawdowns", "Capacity", "Without micro-caps", "Left out"):  # fmt: skip
        assert any(heading in line for line in lines), heading
    assert "Raw pRet" not in text
    assert evaluation.anatomy is not None
    others = evaluation.anatomy.correlations.filter(pl.col("other") != long)
    assert len(others) > 0
    check_unfolded(
        dataclasses.replace(evaluation, anatomy=dataclasses.replace(evaluation.anatomy, correlations=others))
    )


def test_a_raw_prediction_has_its_own_column(inputs: Inputs, table: pl.DataFrame) -> None:
    with_raw = measured(inputs, table.with_columns(pret=-pl.col("factor")))
    lines = shown(with_raw)
    assert any("Raw pRet" in line for line in lines)
    assert max(map(cell_len, lines)) <= 80
    check_unfolded(with_raw)
