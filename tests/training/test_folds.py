"""When trainings are due, and how their dates split."""

import numpy as np
import pytest

from gangru.errors import SettingsError, TrainingError
from gangru.training.folds import due_folds, sample_rows
from gangru.training.settings import TrainingSettings

DAYS = np.busday_offset("2017-01-02", np.arange(1200), roll="forward").astype("datetime64[D]")
SETTINGS = TrainingSettings()


def test_eighty_dates_split_into_sixty_four_and_sixteen() -> None:
    rows = sample_rows(500, SETTINGS, reach=21)
    assert (len(rows.train), len(rows.purged), len(rows.valid)) == (60, 4, 16)


def test_sample_dates_are_every_fifth_and_their_labels_end_at_the_training_day() -> None:
    rows = sample_rows(500, SETTINGS, reach=21)
    together = np.concatenate([rows.train, rows.purged, rows.valid])
    assert together.tolist() == [500 - 21 - 5 * k for k in range(79, -1, -1)]
    assert rows.valid[-1] + 21 == 500


def test_no_training_label_reaches_the_first_validation_date() -> None:
    rows = sample_rows(500, SETTINGS, reach=21)
    assert rows.train[-1] + 21 < rows.valid[0]
    assert (rows.purged + 21 >= rows.valid[0]).all()


def test_a_fold_is_trained_on_the_last_trading_day_and_serves_until_the_next() -> None:
    folds = due_folds(DAYS, DAYS[:900], SETTINGS, reach=21, window=40)
    assert [f.name for f in folds][:2] == ["2018-12-31", "2019-06-30"]
    assert folds[1].trained_on == np.datetime64("2019-06-28")  # 30 June 2019 is a Sunday
    assert folds[0].serves_to == np.datetime64("2019-06-28")
    assert folds[-1].trained_on <= DAYS[899]


def test_a_training_without_history_is_refused_by_name_when_asked_for() -> None:
    with pytest.raises(TrainingError, match="2018-06-30 needs 455 trading days"):
        due_folds(DAYS, DAYS, TrainingSettings(first="2018-06-30"), reach=21, window=40)


def test_nothing_due_says_what_is_needed() -> None:
    with pytest.raises(TrainingError, match="no training is due"):
        due_folds(DAYS, DAYS[:300], SETTINGS, reach=21, window=40)


def test_a_random_block_validates_with_purged_dates_on_both_sides() -> None:
    settings = TrainingSettings(split="block")
    for draw in range(40):
        rows = sample_rows(500, settings, reach=21, draw=draw)
        assert len(rows.valid) == 16
        assert np.diff(rows.valid).tolist() == [5] * 15
        together = np.concatenate([rows.train, rows.purged, rows.valid])
        assert sorted(together.tolist()) == [500 - 21 - 5 * k for k in range(79, -1, -1)]
        days = {int(day) for v in rows.valid for day in range(v, v + 22)}
        assert not any(days & set(range(t, t + 22)) for t in rows.train.tolist())
        assert all(days & set(range(t, t + 22)) for t in rows.purged.tolist())
        older = sum(p < rows.valid[0] for p in rows.purged)
        newer = len(rows.purged) - older
        assert older == min(4, (rows.valid[0] - 84) // 5)
        assert newer == min(4, (479 - rows.valid[-1]) // 5)


def test_the_block_lies_elsewhere_in_another_draw_and_alike_in_the_same() -> None:
    settings = TrainingSettings(split="block")
    starts = {int(sample_rows(500, settings, 21, draw=d).valid[0]) for d in range(20)}
    assert len(starts) > 5
    assert (
        sample_rows(500, settings, 21, draw=3).valid.tolist()
        == sample_rows(500, settings, 21, draw=3).valid.tolist()
    )


def test_chosen_folds_are_those_of_all_and_serve_as_ever() -> None:
    every = due_folds(DAYS, DAYS[:1100], SETTINGS, reach=21, window=40)
    some = TrainingSettings(folds=("2020-06-30", "2018-12-31"))
    assert due_folds(DAYS, DAYS[:1100], some, reach=21, window=40) == [every[0], every[3]]


def test_a_chosen_fold_that_is_not_due_is_named_beside_those_that_are() -> None:
    with pytest.raises(TrainingError, match=r"names 2030-06-30, which is not due: due are 2018-12-31, 2019"):
        due_folds(DAYS, DAYS, TrainingSettings(folds=("2018-12-31", "2030-06-30")), reach=21, window=40)


@pytest.mark.parametrize("name", ["2019-07-01", "2019-6-30", "20190630", "2019-06-31", "june", ""])
def test_a_chosen_fold_is_the_end_of_a_half_year(name: str) -> None:
    with pytest.raises(SettingsError, match=f"folds names '{name}'"):
        TrainingSettings(folds=("2018-12-31", name))
