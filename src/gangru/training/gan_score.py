"""How good a trained generator's windows are, by two small nets trained on them afterwards.

Source: Yoon, Jarrett, van der Schaar, "Time-series Generative Adversarial Networks", NeurIPS 2019, section 5: the
discriminative and the predictive score. Legend: N windows, T days, F features.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from gangru.errors import TrainingError
from gangru.models.generator import Generator
from gangru.models.scorers import NextDay, WindowClassifier
from gangru.training.batches import FoldData, Sample, drawn, epoch_random
from gangru.training.feeding import regenerate
from gangru.training.loop import prepare_torch, seeded
from gangru.training.settings import GanSettings, TrainingSettings

STOCK_DRAW, STEPS = 12, 13  # purposes of random draws, see batches.epoch_random
TELL_EVERY = 25  # steps
SLICE = 4096

OnShare = Callable[[str, float], None]


@dataclass(frozen=True)
class ScoreSettings:
    """The size of both nets and of their training: fixed, so that scores of different folds can be compared."""

    stocks: int = 100  # a date
    seed: int = 0
    hidden: int = 32
    steps: int = 1000
    batch: int = 128  # windows
    learning_rate: float = 2e-3


@dataclass(frozen=True)
class GanScore:
    """The scores of one generator, measured on validation dates.

    `discriminative` is the classifier's accuracy − ½, signed: 0 cannot tell, ½ always tells. `predictive` is the mean
    absolute error of next-day features on real windows, learnt from generated ones; `predictive_real` the same learnt
    from real ones; `naive_zero` and `naive_carry` that of saying 0 and of repeating the day before.
    """

    discriminative: float
    accuracy_real: float
    accuracy_generated: float
    accuracy_in_training: float
    predictive: float
    predictive_real: float
    naive_zero: float
    naive_carry: float
    train_windows: int
    valid_windows: int

    @property
    def naive(self) -> float:
        """The better of the two that learn nothing."""
        return min(self.naive_zero, self.naive_carry)


@dataclass(frozen=True)
class Windows:
    """Real windows and what the generator made of them, (N, T, F) each, in the same order."""

    real_NTF: Tensor
    fake_NTF: Tensor


def score_generator(
    generator: Generator,
    data: FoldData,
    gan: GanSettings,
    training: TrainingSettings,
    settings: ScoreSettings,
    on_share: OnShare,
) -> GanScore:
    """Both scores: the nets learn on data.train alone and are measured on data.valid alone.

    Labels are not looked at. The same seed gives the same figures on the same machine and threads.
    """
    device = prepare_torch(training)
    if training.threads:
        torch.set_num_threads(training.threads)
    generator = generator.to(device)
    train = windows_of(generator, data.train, gan, training, settings, device)
    valid = windows_of(generator, data.valid, gan, training, settings, device)
    features = data.shape[1]

    def third(number: int, what: str) -> OnShare:
        return lambda _, share: on_share(what, (number + share) / 3)

    classifier = seeded(lambda: WindowClassifier(features, settings.hidden), settings.seed).to(device)
    fit_classifier(classifier, train, settings, third(0, "telling real from generated"))
    right_train = torch.cat(told_right(classifier, train))
    right_real, right_fake = told_right(classifier, valid)
    errors = []
    for number, (what, x_NTF) in enumerate(
        {"learning from generated": train.fake_NTF, "learning from real": train.real_NTF}.items(), start=1
    ):
        net = seeded(lambda: NextDay(features, settings.hidden), settings.seed).to(device)
        fit_next_day(net, x_NTF, settings, third(number, what))
        errors.append(next_day_error(net, valid.real_NTF))
    real, fake = float(right_real.mean()), float(right_fake.mean())
    return GanScore(
        discriminative=(real + fake) / 2 - 0.5,
        accuracy_real=real,
        accuracy_generated=fake,
        accuracy_in_training=float(right_train.mean()),
        predictive=errors[0],
        predictive_real=errors[1],
        naive_zero=float(valid.real_NTF[:, 1:].abs().mean()),
        naive_carry=float((valid.real_NTF[:, 1:] - valid.real_NTF[:, :-1]).abs().mean()),
        train_windows=len(train.real_NTF),
        valid_windows=len(valid.real_NTF),
    )


def windows_of(
    generator: Generator,
    samples: tuple[Sample, ...],
    gan: GanSettings,
    training: TrainingSettings,
    settings: ScoreSettings,
    device: torch.device,
) -> Windows:
    """Windows of a draw of each date's stocks, real and generated: as many of the one kind as of the other.

    Raises TrainingError where one is not finite.
    """
    chosen = [stocks_drawn(sample, settings) for sample in samples]
    real = torch.cat([sample.x_NTF for sample in chosen])
    fake = torch.cat([regenerate(generator, sample, gan, training).x_NTF for sample in chosen])
    for windows, which in ((real, "a real window"), (fake, "a window of the generator")):
        if not torch.isfinite(windows).all():
            raise TrainingError(f"{which} between {samples[0].date} and {samples[-1].date} is not finite")
    return Windows(real.to(device), fake.to(device))


def stocks_drawn(sample: Sample, settings: ScoreSettings) -> Sample:
    """The sample with `settings.stocks` of its stocks; which ones depends on seed and date."""
    rows = drawn(len(sample.codes_N), settings.stocks, epoch_random(settings.seed, sample.day, STOCK_DRAW))
    return sample if rows is None else sample.some(rows)


def fit_classifier(net: WindowClassifier, train: Windows, settings: ScoreSettings, on_share: OnShare) -> None:
    """Teach it which windows are real; every batch has as many of each kind."""

    def loss(rows: NDArray[np.int64]) -> Tensor:
        real, fake = rows[: len(rows) // 2], rows[len(rows) // 2 :]
        return F.softplus(-net(train.real_NTF[real])).mean() + F.softplus(net(train.fake_NTF[fake])).mean()

    fit(net, loss, len(train.real_NTF), settings, on_share)


def fit_next_day(net: NextDay, x_NTF: Tensor, settings: ScoreSettings, on_share: OnShare) -> None:
    """Teach it the next day of these windows, by mean absolute error."""
    fit(
        net,
        lambda rows: (net(x_NTF[rows, :-1]) - x_NTF[rows, 1:]).abs().mean(),
        len(x_NTF),
        settings,
        on_share,
    )


def fit(
    net: nn.Module,
    loss_of: Callable[[NDArray[np.int64]], Tensor],
    windows: int,
    settings: ScoreSettings,
    on_share: OnShare,
) -> None:
    """A fixed number of Adam's steps on batches drawn with replacement."""
    adam = torch.optim.Adam(net.parameters(), lr=settings.learning_rate)
    random = epoch_random(settings.seed, 0, STEPS)
    for step in range(1, settings.steps + 1):
        adam.zero_grad(set_to_none=True)
        loss = loss_of(random.integers(windows, size=settings.batch))
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        if step % TELL_EVERY == 0 or step == settings.steps:
            on_share("", step / settings.steps)


def told_right(net: WindowClassifier, windows: Windows) -> tuple[Tensor, Tensor]:
    """Which real and which generated windows it told for what they are, as 1 and 0."""
    with torch.inference_mode():
        real = torch.cat([net(part) for part in torch.split(windows.real_NTF, SLICE)])
        fake = torch.cat([net(part) for part in torch.split(windows.fake_NTF, SLICE)])
    return (real > 0).double(), (fake <= 0).double()


def next_day_error(net: NextDay, x_NTF: Tensor) -> float:
    """Mean absolute error of the next day, over windows, days and features."""
    with torch.inference_mode():
        parts = [(net(part[:, :-1]) - part[:, 1:]).abs() for part in torch.split(x_NTF, SLICE)]
    return float(torch.cat(parts).mean())
