"""A small workspace with a factor, an evaluation, a generator and reports, made without training; its pages."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from starlette.testclient import TestClient

from gangru.factor.dates import factor_rows
from gangru.features.windows import window_stocks
from gangru.market.schema import TABLES
from gangru.serve.app import make_app
from gangru.serve.desk import Desk
from gangru.study.factor_table import write_frame
from gangru.study.inputs import Inputs, load_inputs
from gangru.study.measuring import evaluate_table, evaluation_document, write_evaluation
from gangru.study.workspace import Workspace, open_workspace
from small import small_workspace

PORT = 8765
HOSTILE = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://x","y")'
BACKWARDS = "甲\u202eSJ乙"
BREAKOUT = '" onerror="alert(1)"><img src=x onerror=alert(1)>'
MEDIA = "传媒"  # Media in English
COMMA = "Food, drink & <b>more</b>/tea"
FOLD = "2018-12-31"

Get = Callable[..., Any]  # path and options of a request → its answer, once nothing of it is still coming


@dataclass(frozen=True)
class Site:
    """A workspace, what it was made of, and the codes of the stocks with hostile names."""

    root: Path
    inputs: Inputs
    factor: pl.DataFrame
    hostile: dict[str, str]  # name → code
    industry: str


def rename(workspace: Workspace) -> dict[str, str]:
    """Give four stocks hostile names for all time, an industry one with a comma and markup, another its Chinese one."""
    store = workspace.store
    names = store.read("names")
    codes = names["code"].unique().sort()
    given = dict(zip((HOSTILE, FORMULA, BACKWARDS, BREAKOUT), codes[10:14].to_list(), strict=True))
    by_code = {code: name for name, code in given.items()}
    new = pl.col("code").replace_strict(by_code, default=pl.col("name"), return_dtype=pl.String)
    named = names.with_columns(name=new)
    whole = (
        named.filter(pl.col("code").is_in(list(by_code)))
        .group_by("code")
        .agg(pl.col("name").first(), pl.col("start").min(), pl.lit(None, pl.Date).alias("end"))
    )
    rest = named.filter(~pl.col("code").is_in(list(by_code)))
    store.replace(TABLES["names"], pl.concat([rest, whole.select(rest.columns)]))
    industry = store.read("industry")
    first = industry.filter(pl.col("taxonomy") == "sw")["industry"].value_counts(sort=True)["industry"][0]
    renamed = pl.col("industry").replace({first: COMMA, "Media": MEDIA})
    store.replace(TABLES["industry"], industry.with_columns(renamed))
    return given


def made_factor(inputs: Inputs) -> pl.DataFrame:
    """A random factor of every month's end from the first training on, null for one stock in twenty."""
    dates, random = inputs.market.dates, np.random.default_rng(3)
    rows = factor_rows(dates, inputs.calendar, "month_end")
    tables = []
    for row in rows[dates[rows] >= np.datetime64("2018-12-31") - 3]:
        stocks = window_stocks(
            inputs.panel, row, inputs.universe.eligible[row], inputs.workspace.settings.features
        )
        score = np.round(random.normal(size=len(stocks)), 2)
        tables.append(
            pl.DataFrame(
                {
                    "date": [dates[row].item()] * len(stocks),
                    "code": inputs.market.codes[stocks].tolist(),
                    "pret": score / 10,
                    "factor": np.where(random.random(len(stocks)) < 0.05, np.nan, score),
                    "fold": [FOLD] * len(stocks),
                }
            ).with_columns(pl.col("factor").fill_nan(None))
        )
    return pl.concat(tables)


def write_generator(workspace: Workspace) -> None:
    """An untrained generator where a trained one would lie."""
    from gangru.training import checkpoint
    from gangru.training.gan import build_generator
    from gangru.training.loop import seeded

    settings = workspace.settings
    net = seeded(lambda: build_generator(len(settings.features.names), settings.gan), 5)
    checkpoint.write_tensors(workspace.runs / FOLD / "generator.safetensors", net.state_dict(), {})


def make_site(root: Path) -> Site:
    """The workspace in a folder."""
    workspace = small_workspace(root, gan__z="window+noise", report__language="en")
    hostile = rename(workspace)
    inputs = load_inputs(workspace)
    factor = made_factor(inputs)
    write_frame(workspace.factor_path, factor)
    write_evaluation(inputs, evaluation_document(inputs, evaluate_table(inputs, factor, None)))
    write_generator(workspace)
    other = open_workspace(root, "other", {"features.generator": "none", "portfolio.fraction": 0.2})
    write_frame(other.factor_path, factor.with_columns(factor=-pl.col("factor")))
    open_workspace(root, "empty", {"training.seed": 9})
    for name in ("2019-06.html", "2019-07.html", "2019-07.xlsx", "2019-07.pdf"):
        path = workspace.reports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            b"<!DOCTYPE html><title>edition</title><script>document.title='ran'</script>" + name.encode()
        )
    return Site(root, inputs, factor, hostile, COMMA)


def settled(desk: Desk) -> Desk:
    """The desk once nothing is being made any more."""
    for _ in range(1200):
        if not desk.slices.left and not desk.reading.left:
            return desk
        time.sleep(0.05)
    raise AssertionError("the background did not come to an end")


def client_of(desk: Desk, *, raises: bool = True) -> TestClient:
    return TestClient(
        make_app(desk, PORT), base_url=f"http://127.0.0.1:{PORT}", raise_server_exceptions=raises
    )
