"""Leaks to plant in the pipeline: each a mistake that somebody makes, as a patch of the function that would make it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from gangru.evaluation import conventions
from gangru.factor import predict
from gangru.features import windows
from gangru.features.labels import LabelSettings, build_labels
from gangru.features.panel import Panel
from gangru.market.daily import GONE, DailyMarket
from gangru.market.universe import Universe
from gangru.study import inputs as study_inputs
from gangru.study import jobs, predicting, stages
from gangru.study.inputs import Inputs
from gangru.training import fold_run, fold_source
from gangru.training.batches import FoldData
from gangru.training.fold_source import PanelFold
from gangru.training.folds import SampleRows

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Leak:
    """A planted mistake, and the comparisons that have to show it."""

    plant: Callable[[Patch], None]
    caught_by: tuple[str, ...]
    dates: int = 1  # random days that the audit asks beside those of the fold


def changed_panel(change: Callable[[np.ndarray, DailyMarket], np.ndarray]) -> Callable[[Patch], None]:
    """A leak in the features: `change` gets their values (D, N, F) and the market."""

    def plant(patch: Patch) -> None:
        original = study_inputs.build_panel

        def leaking(market: DailyMarket, features: Any) -> Panel:
            panel = original(market, features)
            return replace(panel, values=change(panel.values, market).astype(np.float32))

        patch.setattr(study_inputs, "build_panel", leaking)

    return plant


def scaled_by_all_days(values: np.ndarray, _market: DailyMarket) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of stocks without any value
        return (values - np.nanmean(values, axis=0)) / (np.nanstd(values, axis=0) + 1e-6)


def filled_backwards(values: np.ndarray, _market: DailyMarket) -> np.ndarray:
    known = np.isfinite(values)
    row = np.where(known, np.arange(len(values))[:, None, None], len(values) - 1)
    following = np.minimum.accumulate(row[::-1], axis=0)[::-1]
    return np.take_along_axis(values, following, axis=0)


def centred_mean(values: np.ndarray, _market: DailyMarket) -> np.ndarray:
    mean = values.copy()
    mean[1:-1] = (values[:-2] + values[1:-1] + values[2:]) / 3
    return mean


def with_the_label(values: np.ndarray, market: DailyMarket) -> np.ndarray:
    mixed = values.copy()
    mixed[:, :, 0] += np.nan_to_num(build_labels(market, LabelSettings()))
    return mixed


def adjusted_to_today(values: np.ndarray, market: DailyMarket) -> np.ndarray:
    return values / last_known(market.factor)[None, :, None]


def last_known(series: np.ndarray) -> np.ndarray:
    """Each stock's last known value, (N,); 1 where it has none."""
    known = np.isfinite(series)
    last = len(series) - 1 - known[::-1].argmax(axis=0)
    return np.where(known.any(axis=0), series[last, np.arange(series.shape[1])], 1)


def changed_universe(keep: Callable[[Inputs], np.ndarray]) -> Callable[[Patch], None]:
    """A leak in the universe: `keep` (D, N) leaves only some of the eligible."""

    def plant(patch: Patch) -> None:
        original = Inputs.universe.func  # type: ignore[attr-defined]

        def leaking(inputs: Inputs) -> Universe:
            made = original(inputs)
            return replace(made, eligible=made.eligible & keep(inputs))

        patch.setattr(Inputs, "universe", property(leaking))

    return plant


def no_st_name_of_today(inputs: Inputs) -> np.ndarray:
    st = inputs.securities.filter(pl.col("name").str.contains("ST"))["code"].to_numpy()
    return ~np.isin(inputs.market.codes, st.astype(str))[None, :]


def no_delisting_ahead(inputs: Inputs) -> np.ndarray:
    gone = inputs.market.status == GONE
    soon = gone.copy()
    for ahead in range(1, 61):
        soon[:-ahead] |= gone[ahead:]
    return ~soon


def survivors(inputs: Inputs) -> np.ndarray:
    return inputs.market.traded[-5:].any(axis=0)[None, :]


def industries_of_today(patch: Patch) -> None:
    original = study_inputs.industry_matrix

    def leaking(*arguments: Any) -> tuple[np.ndarray, list[str]]:
        matrix, names = original(*arguments)
        return np.repeat(matrix[-1:], len(matrix), axis=0), names

    patch.setattr(study_inputs, "industry_matrix", leaking)


def value_of_today(patch: Patch) -> None:
    original = Inputs.exposures.func  # type: ignore[attr-defined]

    def leaking(inputs: Inputs) -> predict.Exposures:
        made = original(inputs)
        value = np.broadcast_to(last_known(made.value), made.value.shape)
        return predict.Exposures(made.industry, value)

    patch.setattr(Inputs, "exposures", property(leaking))


def labelled_stocks_alone(patch: Patch) -> None:
    original = predicting.predicted

    def leaking(inputs: Inputs, serving: Any, row: int) -> predicting.Prediction:
        told = original(inputs, serving, row)
        labelled = np.isfinite(inputs.labels[row, told.stocks])
        return replace(told, stocks=told.stocks[labelled], pret=told.pret[labelled])

    for module in (predicting, stages):
        patch.setattr(module, "predicted", leaking)


def purge_of_zero(patch: Patch) -> None:
    original = jobs.sample_rows

    def leaking(*arguments: Any) -> SampleRows:
        rows = original(*arguments)
        return replace(rows, train=np.concatenate([rows.train, rows.purged]), purged=rows.purged[:0])

    patch.setattr(jobs, "sample_rows", leaking)


def late_label(patch: Patch) -> None:
    original = study_inputs.build_labels
    patch.setattr(study_inputs, "build_labels", lambda market, s: np.roll(original(market, s), -1, axis=0))


def windows_scaled_over_the_fold(patch: Patch) -> None:
    original = PanelFold.__call__

    def leaking(source: PanelFold) -> FoldData:
        data = original(source)
        mean = torch.cat([s.x_NTF for s in (*data.train, *data.valid)]).mean(dim=0)
        return replace(
            data,
            train=tuple(replace(s, x_NTF=s.x_NTF - mean) for s in data.train),
            valid=tuple(replace(s, x_NTF=s.x_NTF - mean) for s in data.valid),
        )

    patch.setattr(PanelFold, "__call__", leaking)


def stop_on_later_dates(patch: Patch) -> None:
    original = PanelFold.__call__

    def leaking(source: PanelFold) -> FoldData:
        later = np.minimum(source.rows.valid + 25, len(source.arrays().dates) - 30)
        return original(replace(source, rows=replace(source.rows, valid=np.unique(later))))

    patch.setattr(PanelFold, "__call__", leaking)


def fitted_on_validation(patch: Patch) -> None:
    original = fold_run.train_predictor

    def leaking(data: FoldData, *rest: Any) -> Any:
        return original(replace(data, train=data.valid * 30), *rest)

    patch.setattr(fold_run, "train_predictor", leaking)


def validation_among_training(patch: Patch) -> None:
    original = fold_run.train_predictor

    def leaking(data: FoldData, *rest: Any) -> Any:
        return original(replace(data, train=data.train + data.valid), *rest)

    patch.setattr(fold_run, "train_predictor", leaking)


def scaled_with_all_who_ever_list(patch: Patch) -> None:
    original = windows.stock_scale

    def leaking_date(panel: Panel, row: int, *rest: Any) -> windows.Windows:
        def leaking_scale(*given: Any) -> tuple[np.ndarray, np.ndarray]:
            mean, scale = original(*given)
            return mean, scale * np.float32(1 + 1 / len(panel.codes))

        patch.setattr(windows, "stock_scale", leaking_scale)
        return of_date(panel, row, *rest)

    of_date = windows.windows_of_date
    for module in (windows, fold_source, predict):
        patch.setattr(module, "windows_of_date", leaking_date)


def stocks_that_agree_alone(patch: Patch) -> None:
    original = conventions.spearman

    def leaking(scores: np.ndarray, returns: np.ndarray, min_stocks: int) -> np.ndarray:
        x, y = scores - np.nanmedian(scores), returns - np.nanmedian(returns)
        return original(np.where(x * y > -1e-4, scores, np.nan), returns, min_stocks)

    patch.setattr(conventions, "spearman", leaking)


IN_FEATURES = ("features", "windows", "predictions", "factor", "training inputs", "weights")
LEAKS: dict[str, Leak] = {
    "a scaler fitted on all days": Leak(changed_panel(scaled_by_all_days), IN_FEATURES),
    "a scaler fitted on the fold": Leak(windows_scaled_over_the_fold, ("training inputs",), 0),
    "a fill that looks forward": Leak(changed_panel(filled_backwards), ("features",)),
    "a centred rolling window": Leak(changed_panel(centred_mean), ("features", "windows", "predictions")),
    "a label among the features": Leak(
        changed_panel(with_the_label), ("features", "windows", "predictions", "factor")
    ),
    "prices adjusted to today": Leak(changed_panel(adjusted_to_today), ("features",)),
    "a label-filtered prediction": Leak(labelled_stocks_alone, ("predictions", "factor")),
    "ST by today's name": Leak(changed_universe(no_st_name_of_today), ("universe", "windows", "predictions")),
    "a delisting known early": Leak(changed_universe(no_delisting_ahead), ("universe",)),
    "survivors alone": Leak(changed_universe(survivors), ("universe",)),
    "today's industry": Leak(industries_of_today, ("industries", "factor")),
    "today's market value": Leak(value_of_today, ("float value", "factor")),
    "a z-score that knows who will list": Leak(scaled_with_all_who_ever_list, ("windows", "training inputs")),
    "a purge of zero": Leak(purge_of_zero, ("training inputs", "no training label meets a validation label")),
    "a label that ends a day late": Leak(late_label, ("labels", "labels end by the training day")),
    "an early stop on later dates": Leak(stop_on_later_dates, ("labels end by the training day", "weights")),
    "a fit on the validation dates": Leak(fitted_on_validation, ("trained on shuffled labels",), 0),
    "validation dates among the training dates": Leak(
        validation_among_training, ("weights without validation labels",), 0
    ),
    "an evaluation of who agrees": Leak(stocks_that_agree_alone, ("evaluated on shuffled labels",), 0),
}
