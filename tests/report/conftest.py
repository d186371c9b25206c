"""The made-up edition as fixtures."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from filelock import FileLock
from made_up_edition import HOSTILE, make_contents, make_evaluation, make_headline

from gangru.errors import ReportError
from gangru.evaluation.result import Evaluation
from gangru.report.contents import Comparison, Contents
from gangru.report.render.pdf import load_weasyprint, render_pdf


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
def paper() -> None:
    """Skips, with the reason, where this machine has no Pango or no Chinese font."""
    try:
        load_weasyprint()
    except ReportError as error:
        pytest.skip(str(error))
    try:
        render_pdf(replace(make_contents(), sections=()), "zh")
    except ReportError as error:
        if "no installed font" not in str(error):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def printed(
    contents: Contents, paper: None, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[str], bytes]:
    """The made-up edition as a PDF, by language; laid out once, whichever process of the tests asks first."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent

    @cache
    def of(tag: str) -> bytes:
        path = shared / f"printed-{tag}.pdf"
        with FileLock(f"{path}.lock"):
            if not path.exists():
                path.write_bytes(render_pdf(contents, tag))
        return path.read_bytes()

    return of
