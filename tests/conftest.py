"""Shared by all tests: where the real data lie, and that the folder of tests can be imported from."""

import os
import random
import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# How long one example takes is the machine's business: a busy one is no failure.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real A-share bars beside the project; a test that needs them skips where they are not."""
    path = REPOSITORY.parent / "shared" / "data" / "ashare"
    if not path.exists():
        pytest.skip("the real A-share data are not beside the project (../shared/data/ashare)")
    return path


@pytest.fixture(autouse=True)
def own_chance() -> None:
    """Each test draws from the same seeds, alone or among others, in any order."""
    random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long checks to `make test-full`."""
    if os.environ.get("GANGRU_TEST_FULL"):
        return
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(pytest.mark.skip(reason="long: runs in make test-full"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured (`record_property("measured", …)`), whichever process ran them."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    said = [
        value
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == "measured"
    ]
    if said:
        terminalreporter.section("measured")
        for value in said:
            terminalreporter.write_line(str(value))
