"""The made-up edition as fixtures."""

import pytest
from made_up_edition import HOSTILE, make_contents, make_evaluation, make_headline

from gangru.evaluation.result import Evaluation
from gangru.report.contents import Comparison, Contents


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
