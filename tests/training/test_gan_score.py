"""The scores of a generator: what a perfect one and a constant one get, and that a seed fixes them."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gangru.errors import TrainingError
from gangru.training.batches import FoldData, Sample
from gangru.training.gan_score import GanScore, ScoreSettings, score_generator, stocks_drawn
from gangru.training.settings import GanSettings, TrainingSettings

GAN, TRAINING = GanSettings(), TrainingSettings(threads=1)
SCORE = ScoreSettings(stocks=40, hidden=12, steps=250, batch=64, learning_rate=1e-2)


class Identity(nn.Module):
    """Gives back what it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(1))

    def forward(self, x_NTF: Tensor) -> Tensor:
        return x_NTF


class Constant(Identity):
    """Puts out one window for all."""

    def forward(self, x_NTF: Tensor) -> Tensor:
        return torch.zeros_like(x_NTF) + 0.7


class Shifted(Identity):
    """Real windows, each moved up or down as a whole: sometimes told, sometimes not."""

    def forward(self, x_NTF: Tensor) -> Tensor:
        return x_NTF + 0.33 * torch.randn(len(x_NTF), 1, 1, generator=torch.Generator().manual_seed(1))


class Broken(Identity):
    """Puts out what is no number."""

    def forward(self, x_NTF: Tensor) -> Tensor:
        return x_NTF / 0.0


def alternating_fold() -> FoldData:
    """Windows in which each day is minus the day before, with noise: a next day that can be learnt."""
    random = np.random.default_rng(8)

    def sample(i: int) -> Sample:
        start, signs = random.normal(size=(60, 1, 3)), (-1.0) ** np.arange(12)[None, :, None]
        x = (start * signs + 0.2 * random.normal(size=(60, 12, 3))).astype(np.float32)
        codes = np.array([f"{600000 + n}.SH" for n in range(60)])
        return Sample(np.datetime64("2018-01-01") + 7 * i, torch.from_numpy(x), np.full(60, np.nan), codes)

    return FoldData(tuple(sample(i) for i in range(8)), tuple(sample(20 + i) for i in range(3)), ())


def scored(generator: nn.Module, **changes: object) -> GanScore:
    settings = replace(SCORE, **changes)
    return score_generator(generator, alternating_fold(), GAN, TRAINING, settings, lambda *_: None)


@pytest.fixture(scope="module")
def perfect() -> GanScore:
    return scored(Identity())


def test_windows_that_are_the_real_ones_cannot_be_told_and_teach_as_much(perfect: GanScore) -> None:
    assert perfect.discriminative == pytest.approx(0, abs=1e-12)
    assert perfect.predictive == perfect.predictive_real
    assert perfect.predictive_real < 0.5 * perfect.naive
    assert (perfect.train_windows, perfect.valid_windows) == (8 * 40, 3 * 40)


def test_a_constant_is_always_told_and_teaches_nothing(perfect: GanScore) -> None:
    constant = scored(Constant())
    assert constant.discriminative > 0.47
    assert constant.accuracy_real > 0.95
    assert constant.accuracy_generated == 1
    assert constant.predictive > 2 * constant.predictive_real
    assert constant.predictive > constant.naive
    assert constant.predictive_real == perfect.predictive_real


def test_what_is_nearly_real_lies_between() -> None:
    assert 0.02 < scored(Shifted()).discriminative < 0.45


def test_naive_errors_are_those_of_a_slow_loop(perfect: GanScore) -> None:
    zero, carry = [], []
    for sample in alternating_fold().valid:
        for window in stocks_drawn(sample, SCORE).x_NTF:
            for before, after in itertools.pairwise(window):
                zero += [abs(float(v)) for v in after]
                carry += [abs(float(v) - float(u)) for u, v in zip(before, after, strict=True)]
    assert perfect.naive_zero == pytest.approx(np.mean(zero), rel=1e-5)
    assert perfect.naive_carry == pytest.approx(np.mean(carry), rel=1e-5)
    assert perfect.naive == perfect.naive_zero < perfect.naive_carry


def test_the_same_seed_gives_the_same_scores_and_another_others() -> None:
    one, two, other = scored(Shifted(), steps=40), scored(Shifted(), steps=40), scored(Shifted(), seed=1)
    assert one == two
    assert one != other


def test_stocks_are_drawn_by_seed_and_date() -> None:
    sample = alternating_fold().train[0]
    assert list(stocks_drawn(sample, SCORE).codes_N) == list(stocks_drawn(sample, SCORE).codes_N)
    assert list(stocks_drawn(sample, replace(SCORE, seed=1)).codes_N) != list(
        stocks_drawn(sample, SCORE).codes_N
    )
    assert stocks_drawn(sample, replace(SCORE, stocks=500)) is sample


def test_a_generator_that_puts_out_no_number_is_told() -> None:
    with pytest.raises(TrainingError, match="a window of the generator between 2018-01-01 and 2018-02-19"):
        scored(Broken())


def test_progress_rises_to_the_end() -> None:
    seen: list[float] = []
    data = alternating_fold()
    settings = replace(SCORE, steps=30)
    score_generator(Identity(), data, GAN, TRAINING, settings, lambda _, share: seen.append(share))
    assert seen == sorted(seen)
    assert seen[-1] == 1
