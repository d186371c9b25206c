"""A fold's data out of plain arrays, made by NumPy and made on a device."""

import numpy as np
import pytest
import torch

from gangru.errors import MarketError, TrainingError
from gangru.features import windows_on_device
from gangru.features.settings import FeatureSettings
from gangru.features.windows import windows_of_date
from gangru.training.fold_source import PanelArrays, PanelFold, on_device_samples, samples_of
from gangru.training.folds import SampleRows

CPU = torch.device("cpu")
D, N, F = 80, 50, 3
SETTINGS = FeatureSettings(names=("close", "volume", "turnover"), window=12, min_bars=9)
ROWS = SampleRows(train=np.array([30, 35, 40]), purged=np.array([45]), valid=np.array([50, 55]))


def arrays() -> PanelArrays:
    random = np.random.default_rng(4)
    values = np.cumsum(random.normal(size=(D, N, F)), axis=0).astype(np.float32)
    traded = random.random((D, N)) > 0.05
    values[~traded] = np.nan
    labels = random.normal(size=(D, N))
    labels[:, ::7] = np.nan
    return PanelArrays(
        np.datetime64("2018-01-01") + np.arange(D),
        np.array([f"{600000 + n}.SH" for n in range(N)]),
        values,
        traded,
        random.random((D, N)) > 0.2,
        labels,
        np.array([True, False, False]),
    )


def test_samples_made_on_a_device_are_those_made_by_numpy() -> None:
    panel, rows = arrays(), np.concatenate([ROWS.train, ROWS.valid])
    here, there = samples_of(panel, rows, SETTINGS), on_device_samples(panel, rows, SETTINGS, CPU)
    for expected, made in zip(here, there, strict=True):
        assert made.date == expected.date
        assert made.codes_N.tolist() == expected.codes_N.tolist()
        np.testing.assert_array_equal(made.label_N, expected.label_N)
        torch.testing.assert_close(made.x_NTF, expected.x_NTF, rtol=0, atol=1e-5)


def test_only_the_days_that_the_fold_needs_go_to_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    from gangru.training import fold_source

    sent = []

    def watched(*given: object) -> windows_on_device.PanelOnDevice:
        held = windows_on_device.on_device(*given)
        sent.append((held.first, len(held.values_DNF)))
        return held

    monkeypatch.setattr(fold_source, "on_device", watched)
    on_device_samples(arrays(), np.concatenate([ROWS.train, ROWS.valid]), SETTINGS, CPU)
    assert sent == [(30 - 11, 55 - 19 + 1)]


def test_a_fold_has_its_dates_in_order_whatever_the_threads() -> None:
    one, two = (PanelFold(arrays, ROWS, SETTINGS, threads=threads)() for threads in (1, 2))
    dates = arrays().dates
    assert [s.date for s in one.train] == dates[ROWS.train].tolist()
    assert [s.date for s in one.valid] == dates[ROWS.valid].tolist()
    assert one.purged == tuple(dates[ROWS.purged])
    for a, b in zip((*one.train, *one.valid), (*two.train, *two.valid), strict=True):
        assert torch.equal(a.x_NTF, b.x_NTF)


def test_a_folds_samples_are_the_dates_own() -> None:
    panel = arrays()
    for row, sample in zip(ROWS.train, samples_of(panel, ROWS.train, SETTINGS), strict=True):
        windows = windows_of_date(panel, row, panel.eligible[row], SETTINGS)
        assert sample.x_NTF.numpy().tobytes() == windows.x_NTF.tobytes()
        np.testing.assert_array_equal(sample.label_N, panel.labels[row, windows.stocks])
        assert sample.codes_N.tolist() == panel.codes[windows.stocks].tolist()


def test_a_window_before_the_first_day_is_an_error_on_a_device_too() -> None:
    with pytest.raises(MarketError, match="11 of the 12 days"):
        samples_of(arrays(), np.array([10, 20]), SETTINGS)
    with pytest.raises(MarketError, match="11 of the 12 days"):
        on_device_samples(arrays(), np.array([10, 20]), SETTINGS, CPU)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_an_error() -> None:
    with pytest.raises(TrainingError, match="sees no CUDA device"):
        PanelFold(arrays, ROWS, SETTINGS, "cuda")()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_fold_on_a_cuda_device_stays_there_and_agrees() -> None:
    here, there = PanelFold(arrays, ROWS, SETTINGS)(), PanelFold(arrays, ROWS, SETTINGS, "cuda")()
    for a, b in zip((*here.train, *here.valid), (*there.train, *there.valid), strict=True):
        assert b.x_NTF.device.type == "cuda"
        torch.testing.assert_close(a.x_NTF, b.x_NTF.cpu(), rtol=0, atol=1e-5)
