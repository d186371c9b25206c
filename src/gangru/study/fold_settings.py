"""Which trainings are due, and the settings that make one what it is; nothing here loads a net."""

from dataclasses import dataclass, replace

from gangru.errors import MarketError
from gangru.market.calendar import known_days
from gangru.study.inputs import Inputs, calendar_of
from gangru.study.settings import StudySettings, settings_toml
from gangru.study.workspace import Workspace
from gangru.training.folds import Fold, due_folds

FOLD_SECTIONS = ("universe", "features", "label", "gan", "predictor", "training")
NOT_OF_A_FOLD = (
    "first",
    "last",
    "folds",
    "seeds",
    "beside",
    "device",
    "threads",
    "engine",
)  # where and how far, not what


def folds_of(inputs: Inputs) -> list[Fold]:
    """The trainings due in this workspace."""
    settings = inputs.workspace.settings
    return due_folds(
        inputs.calendar,
        inputs.market.dates,
        settings.training,
        settings.label.reach,
        settings.features.window,
    )


def due_in(workspace: Workspace) -> list[Fold]:
    """The trainings due in a workspace, from the days of its store alone. Raises TrainingError where none is due."""
    settings, store = workspace.settings, workspace.store
    data = known_days(store, "data")
    if not len(data):
        raise MarketError("the store has no bars: run `gangru ingest PATH` first")
    calendar = calendar_of(workspace, store, data[-1].item())
    return due_folds(calendar, data, settings.training, settings.label.reach, settings.features.window)


@dataclass(frozen=True)
class Member:
    """One of the trainings that a fold's prediction is the mean of.

    `name` is what it adds to the fold's name, `folder` where it lies in the fold's run directory; both are empty for
    the first. `settings` are the study's with its own seed and kind of predictor.
    """

    name: str
    folder: str
    settings: StudySettings

    @property
    def key(self) -> tuple[str, int]:
        """Its kind of predictor and its seed."""
        return self.settings.predictor.kind, self.settings.training.seed


def members(settings: StudySettings) -> list[Member]:
    """The seeds in order, then the kinds beside, which read real windows."""
    first = settings.training.seed
    predictor = replace(settings.predictor, beside=())
    seeds = [
        Member(
            f" seed {seed}" if seed > first else "",
            f"seed-{seed}" if seed > first else "",
            replace(settings, predictor=predictor, training=replace(settings.training, seed=seed)),
        )
        for seed in range(first, first + settings.training.seeds)
    ]
    real = replace(settings.features, generator="none")
    kinds = [
        Member(f" {kind}", kind, replace(settings, features=real, predictor=replace(predictor, kind=kind)))
        for kind in settings.predictor.beside
    ]
    return seeds + kinds


def fold_settings_text(settings: StudySettings, sections: tuple[str, ...] = FOLD_SECTIONS) -> str:
    """The settings that make a fold what it is, as TOML."""
    bare = replace(
        settings,
        training=replace(settings.training, folds=()),
        predictor=replace(settings.predictor, beside=()),
    )  # no list that breaks over lines may be left among those that are filtered
    text = settings_toml(bare, sections, commented=False)
    lines = [line for line in text.splitlines() if line.split(" = ")[0] not in NOT_OF_A_FOLD]
    return "\n".join(lines) + "\n"
