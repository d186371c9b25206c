"""Every traded day of the real market against its limits: the study that docs/rules.md quotes, and its thresholds."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.real
STUDY = Path(__file__).resolve().parents[2] / "studies" / "limit-check" / "run.py"


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("limit_check", STUDY)
    module = importlib.util.module_from_spec(spec)
    sys.modules["limit_check"] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["limit_check"]


@pytest.fixture(scope="module")
def found(study, real_data):
    return study.check(*study.load(real_data))


def test_hardly_any_close_lies_beyond_its_limits(found):
    assert found.checked.sum() > 8_000_000
    assert found.close_beyond.sum() / found.checked.sum() <= 0.00005


def test_hardly_any_close_of_an_ex_day_lies_beyond_its_limits(found):
    assert found.ex.sum() > 25_000
    assert (found.close_beyond & found.ex).sum() / found.ex.sum() <= 0.001


def test_every_price_beyond_its_limits_is_explained(found, study):
    assert (found.kind >= 0).sum() == found.any_beyond.sum()
    assert not (found.kind == study.CLASSES.index(study.UNEXPLAINED)).any()


def test_every_event_named_in_the_study_is_one(found, study):
    for name, days in study.EVENTS.items():
        assert (found.kind == study.CLASSES.index(name)).sum() == len(days), name


def test_days_without_a_limit_are_first_bars_and_first_days_of_listings(found):
    without = found.market.traded & ~found.checked
    assert without.sum() <= 2 * 5136
    traded = np.cumsum(found.market.traded, axis=0)
    assert traded[without].max() == 5


def test_closes_pile_up_on_the_limit_to_the_cent(found, study):
    for row in study.closeness(found):
        inside, at, outside = (int(row[k].replace(",", "")) for k in (2, 3, 4))
        assert at > 10 * inside, row
        assert at > 1000 * outside, row
