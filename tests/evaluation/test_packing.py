"""An evaluation comes back from its bytes as it was; bytes of anything else are refused."""

import dataclasses
import io
import zipfile

import polars as pl
import pytest

from evaluation.same import assert_same
from evaluation.whole_markets import evaluated, planted
from gangru.evaluation.document import to_json
from gangru.evaluation.packing import OBJECT, packed, unpacked
from gangru.evaluation.remark import remark
from gangru.evaluation.result import Evaluation


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    """A whole evaluation with remarks, a hostile name and figures that are not defined."""
    market = planted(0.25)
    made = evaluated(market, market.signal)
    hostile = pl.when(pl.col("rank") == 1).then(pl.lit("<script>alert(1)</script>")).otherwise("name")
    notes = [*made.notes, "plain", remark("{stocks} stocks of {name}", stocks=3, name="{braces}")]
    return dataclasses.replace(
        made, picks=made.picks.with_columns(hostile.alias("name")), notes=notes, monotonicity=float("nan")
    )


def test_an_evaluation_comes_back_as_it_was(evaluation: Evaluation) -> None:
    assert evaluation.anatomy is not None
    assert evaluation.trading is not None
    again = unpacked(packed(evaluation))
    assert_same(evaluation, again, "evaluation")
    assert to_json(again) == to_json(evaluation)


def test_one_without_anatomy_and_trading_comes_back(evaluation: Evaluation) -> None:
    plain = dataclasses.replace(evaluation, anatomy=None, trading=None)
    assert_same(plain, unpacked(packed(plain)), "evaluation")


@pytest.mark.parametrize("content", [b"", b"PK", b"{}"])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="no evaluation"):
        unpacked(content)


@pytest.mark.parametrize("text", ["{}", "[]", "3", '{"study": "main", "unknown": 1}'])
def test_an_archive_of_something_else_is_refused(text: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(OBJECT, text)
    with pytest.raises(ValueError, match="no evaluation"):
        unpacked(buffer.getvalue())


def test_a_cut_archive_is_refused(evaluation: Evaluation) -> None:
    content = packed(evaluation)
    with pytest.raises(ValueError, match="no evaluation"):
        unpacked(content[: len(content) // 2])
