"""Settings of the trainings: the GAN, the predictor and the rolling. Published numbers are the defaults."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from gangru.errors import SettingsError
from gangru.settings import Settings, setting


@dataclass(frozen=True)
class GanSettings(Settings):
    """Section [gan]. The nets' sizes are unpublished: decided here."""

    z: Literal["window", "window+noise", "noise"] = setting(
        "window", "What the generator reads: the real window, the window beside noise, or noise alone."
    )
    noise_channels: int = setting(18, "Gaussian channels a day where z has noise.", unit="channels", ge=1)
    generator_form: Literal["lstm", "residual"] = setting(
        "lstm", "G(z) is what the LSTM puts out, or the real window plus that, starting at G(x) = x."
    )
    feed: Literal["generated", "beside", "augment"] = setting(
        "generated",
        "What the predictor reads: generated windows in place of the real ones (published), both beside each other as "
        "twice as many features, or real windows, with the generated ones as more of them to train on.",
    )
    standardise: bool = setting(
        False,
        "Whether the predictor reads generated windows standardised across the stocks of the date, each day's value of "
        "each feature by itself.",
    )
    generator_hidden: int = setting(64, "Width of the generator's LSTM.", unit="units", ge=1)
    generator_layers: int = setting(2, "Layers of the generator's LSTM.", unit="layers", ge=1)
    discriminator_channels: tuple[int, int] = setting(
        (16, 32), "Channels of the discriminator's convolutions."
    )
    spectral_norm: bool = setting(
        False, "Whether the discriminator's weights are divided by their largest singular value."
    )
    loss: Literal["standard", "hinge", "wgan-gp"] = setting(
        "standard",
        "What both nets minimise: the published cross-entropy, hinge, or Wasserstein with a penalty.",
    )
    gradient_penalty: float = setting(
        10.0, "Weight of the penalty (‖∇D‖ − 1)² where the loss is wgan-gp.", ge=0
    )
    learning_rate: float = setting(1e-4, "Adam's step for both nets.", gt=0)
    discriminator_learning_rate: float = setting(
        0.0, "Adam's step for the discriminator where it differs; 0 = the same.", ge=0
    )
    discriminator_steps: int = setting(1, "Discriminator steps to one generator step.", unit="steps", ge=1)
    label_smoothing: float = setting(
        0.0, "One-sided smoothing of the real target.", unit="fraction", ge=0, le=0.5
    )
    reconstruction_weight: float = setting(
        0.0, "λ of λ·mean (G(x) − x)² in the generator's loss; 0 is the published form.", ge=0
    )
    ic_learning_rate: float = setting(
        0.0,
        "Adam's step for the generator while the predictor trains: its IC gradient then reaches G; 0 = G stays as the "
        "GAN left it.",
        ge=0,
    )
    max_epochs: int = setting(50, "At most this many passes over the training dates.", unit="epochs", ge=1)
    min_epochs: int = setting(
        10,
        "Epochs before a generator may count as converged: one that has hardly moved puts out nearly a "
        "constant, which lies near real windows in its moments and has generated nothing.",
        unit="epochs",
        ge=1,
    )
    patience: int = setting(
        10, "Stop after this many epochs without a smaller distance.", unit="epochs", ge=1
    )

    def __post_init__(self) -> None:
        """Raise SettingsError where no epoch could ever be kept, or parts do not go together."""
        super().__post_init__()
        if self.z == "noise" and self.generator_form == "residual":
            raise SettingsError(
                'generator_form = "residual" adds to the real window: expected z with a window in it'
            )
        if self.ic_learning_rate and (self.z != "window" or self.feed == "augment"):
            raise SettingsError(
                f"ic_learning_rate = {self.ic_learning_rate}: the predictor's gradient reaches G where it reads "
                'G(x): expected z = "window" and feed = "generated" or "beside"'
            )
        if self.ic_learning_rate and self.standardise:
            raise SettingsError(
                f"ic_learning_rate = {self.ic_learning_rate} with standardise = true: the gradient goes through slices "
                "of a date's stocks, a mean across all of them does not: expected one of the two"
            )
        if self.min_epochs > self.max_epochs:
            raise SettingsError(
                f"min_epochs = {self.min_epochs}: expected at most max_epochs = {self.max_epochs}"
            )


@dataclass(frozen=True)
class PredictorSettings(Settings):
    """Section [predictor]. The GRU's are published; the trees' are decided here, none of them by a return."""

    kind: Literal["gru", "lightgbm", "reversal"] = setting(
        "gru",
        "What predicts: the GRU, gradient-boosted trees on the flattened windows (needs gangru[lightgbm]), or nothing "
        "trained: minus the mean of the z-scores of the 20-day return and the 20-day mean turnover.",
    )
    beside: tuple[Literal["gru", "lightgbm", "reversal"], ...] = setting(
        (),
        "Further kinds, each trained on real windows with the first seed: pRet is then the mean of the kinds' "
        "predictions, each standardised across the date.",
    )
    hidden: int = setting(128, "Width of the GRU.", unit="units", ge=1)
    layers: int = setting(2, "Layers of the GRU.", unit="layers", ge=1)
    mlp: tuple[int, ...] = setting((256, 64, 64), "Widths of the MLP between the GRU and the output.")
    learning_rate: float = setting(1e-4, "Adam's step.", gt=0)
    max_epochs: int = setting(50, "At most this many passes over the training dates.", unit="epochs", ge=1)
    patience: int = setting(
        10, "Stop after this many epochs without a better validation IC.", unit="epochs", ge=1
    )
    lightgbm_leaves: int = setting(31, "Leaves of a tree, at most.", unit="leaves", ge=2)
    lightgbm_learning_rate: float = setting(0.05, "What each tree adds is shrunk by this.", gt=0)
    lightgbm_min_leaf: int = setting(100, "A leaf holds at least this many stock-dates.", ge=1)
    lightgbm_feature_fraction: float = setting(
        0.5, "Share of the window's values, drawn for each tree, that it may split on.", gt=0, le=1
    )
    lightgbm_max_rounds: int = setting(500, "At most this many trees.", unit="trees", ge=1)
    lightgbm_patience: int = setting(
        50, "Stop after this many trees without a better validation IC.", unit="trees", ge=1
    )

    def __post_init__(self) -> None:
        """Raise SettingsError where a kind would be averaged with itself."""
        super().__post_init__()
        kinds = (self.kind, *self.beside)
        twice = [kind for kind in kinds if kinds.count(kind) > 1]
        if twice:
            raise SettingsError(f'beside names "{twice[0]}" twice or beside itself: expected each kind once')


@dataclass(frozen=True)
class TrainingSettings(Settings):
    """Section [training]: when to train, on which dates, with which seed and where."""

    first: str = setting("", "First training, YYYY-MM-DD; empty = the first that has enough history.")
    last: str = setting("", "Last training, YYYY-MM-DD; empty = the last that is due.")
    folds: tuple[str, ...] = setting(
        (), "Only these of the due trainings, YYYY-MM-DD each; empty = every due half year."
    )
    sample_dates: int = setting(80, "Sample dates of a training.", unit="dates", ge=2)
    sample_step: int = setting(5, "Trading days between sample dates.", unit="trading days", ge=1)
    validation_share: float = setting(
        0.2, "Share of the sample dates kept for validation.", unit="fraction", gt=0, le=0.9
    )
    split: Literal["time", "block"] = setting(
        "time",
        "Which sample dates validate: the newest, or one contiguous block at a place drawn from the seed.",
    )
    stocks_per_date: int = setting(
        0, "Stocks drawn of each training date, anew each epoch; 0 = all of them.", unit="stocks", ge=0
    )
    validation_stocks_per_date: int = setting(
        0,
        "Stocks of each validation date that the predictor's stopping rule looks at, one draw for all epochs; 0 = all.",
        unit="stocks",
        ge=0,
    )
    min_stocks: int = setting(20, "A date with fewer labelled stocks is no batch.", unit="stocks", ge=2)
    seed: int = setting(0, "Seed of every draw and initial weight.", ge=0)
    seeds: int = setting(
        1,
        "Trainings of each fold, with seed, seed + 1, …: their predictions are averaged and their spread is reported.",
        unit="trainings",
        ge=1,
    )
    precision: Literal["float32", "bfloat16"] = setting(
        "float32",
        "Numbers that the nets' large products are trained with; the losses, the MLP, validation and prediction are "
        "float32 either way.",
    )
    device: str = setting("cpu", "Where windows are made, nets trained and asked: cpu, cuda or cuda:N.")
    threads: int = setting(
        0,
        "Threads on the CPU, of the nets and of what makes windows; 0 = as many as there are cores. On Ray "
        "ray.cpus_per_task is taken instead.",
        unit="threads",
        ge=0,
    )
    engine: Literal["local", "ray"] = setting(
        "local",
        "What runs the folds: local = one after another in this process, ray = at once on the nodes of a Ray cluster "
        "(needs gangru[ray]).",
    )

    def __post_init__(self) -> None:
        """Raise SettingsError where a date is none."""
        super().__post_init__()
        for name in ("first", "last"):
            value = getattr(self, name)
            try:
                date.fromisoformat(value or "2000-01-01")
            except ValueError as error:
                raise SettingsError(
                    f"{name} = {value!r}: expected a date as YYYY-MM-DD, or nothing"
                ) from error
        for name in self.folds:
            if not is_half_year_end(name):
                raise SettingsError(
                    f"folds names {name!r}: expected a 30 June or a 31 December as YYYY-MM-DD"
                )

    @property
    def validation_dates(self) -> int:
        """Sample dates that validate."""
        return max(1, round(self.sample_dates * self.validation_share))


@dataclass(frozen=True)
class RaySettings(Settings):
    """Section [ray]: where and how training.engine = "ray" runs the folds; what they give does not depend on it."""

    address: str = setting(
        "",
        "HOST:PORT of the cluster's head, as `ray start --head` prints it; empty = a cluster of this machine alone, "
        "for the time of the command.",
    )
    cpus_per_task: int = setting(1, "CPUs of a training, and PyTorch's threads in it.", unit="CPUs", ge=1)
    gpus_per_task: float = setting(
        1.0,
        'GPUs of a training where training.device = "cuda"; a fraction lets several share one.',
        unit="GPUs",
        gt=0,
    )
    memory_per_task: float = setting(
        0.0,
        "Memory set aside for a training: a node takes no more at once than it has memory for; 0 = it is not counted.",
        unit="GiB",
        ge=0,
    )
    retries: int = setting(
        3,
        "How often in a row a training whose node or process was lost is begun again; a finished epoch starts "
        "the count anew.",
        unit="times",
        ge=0,
    )

    def __post_init__(self) -> None:
        """Raise SettingsError for what a cluster cannot give."""
        super().__post_init__()
        if self.gpus_per_task > 1 and self.gpus_per_task != int(self.gpus_per_task):
            raise SettingsError(
                f"gpus_per_task = {self.gpus_per_task}: expected a fraction below 1 or a whole number"
            )
        host, _, port = self.address.rpartition(":")
        if self.address and ("/" in host or not host or not port.isdecimal()):
            raise SettingsError(
                f"address = {self.address!r}: expected HOST:PORT of the head, and the command run on a machine that "
                "has joined the cluster with `ray start`"
            )


def is_half_year_end(text: str) -> bool:
    """Whether a text is a date YYYY-MM-DD on which a half year ends."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return False
    return text == day.isoformat() and (day.month, day.day) in ((6, 30), (12, 31))
