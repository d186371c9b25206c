"""The made-up edition as fixtures."""

from collections.abc import Callable
from functools import cache

import pytest
from made_up_edition import HOSTILE, make_contents, make_evaluation, make_headline

from gangru.evaluation.result import Evaluation
from gangru.report.contents import Comparison, Contents
from gangru.report.render.pdf import render_pdf


@pytest.fixture(scope="session")
def evaluation() -> Evaluation:
    return make_evaluation()


@pytest.fixture(scope="session")
def contents(evaluation: Evaluation) -> Contents:
    return make_contents(
        evaluation,
        simulated={"best_ic": 0.11, "seed": 0},
        comparison=[Comparison(HOSTILE, make_headline(ic_mean=0.0606))],
    )


@pytest.fixture(scope="session")
def printed(contents: Contents) -> Callable[[str], bytes]:
    """The made-up edition as a PDF, by language; laid out once."""
    return cache(lambda tag: render_pdf(contents, tag))
