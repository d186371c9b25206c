"""The audit catches planted leaks: it knows none of them, and sees bytes, shuffled labels and spans alone."""

import pytest

from gangru.study.audit.audit import audit
from gangru.study.workspace import Workspace
from leaks import LEAKS
from small import small_workspace

# Each has a sister among the others, which the same comparison shows.
LONG = {
    "a scaler fitted on the fold",
    "a centred rolling window",
    "a label among the features",
    "ST by today's name",
    "survivors alone",
}
NAMES = [pytest.param(name, marks=[pytest.mark.full] if name in LONG else []) for name in LEAKS]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A small simulated market, its store alone."""
    return small_workspace(tmp_path_factory.mktemp("audit") / "leaky")


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_leak_is_caught(name: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    LEAKS[name].plant(monkeypatch)
    found = {check.name: check.finding for check in audit(workspace, LEAKS[name].dates).leaks}
    assert set(LEAKS[name].caught_by) <= found.keys(), found
    assert all(found.values())
