"""What an ablation compares, and the workspaces of its trials: alike in all but what their variant changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gangru.errors import SettingsError
from gangru.evaluation.view import parsed_month
from gangru.settings import flat
from gangru.study.settings import (
    Plain,
    StudySettings,
    plain_settings,
    read_toml,
    settings_from,
    with_overrides,
)
from gangru.study.variants import PRESETS, Trial, Variant, trials_of
from gangru.study.workspace import MAIN, Workspace, open_workspace

HOW_FAR = ("training.first", "training.last", "training.folds")  # alike in all trials, whatever they remember
SAME_SECTIONS = ("data", "simulate", "evaluation", "portfolio", "report")
WHERE = ("training.device", "training.threads", "training.engine", "ray.")  # a trial's own affair


@dataclass(frozen=True)
class Plan:
    """Variants, seeds, trainings and the last return month of an ablation; `changes` are settings of all variants.

    `seeds` are of the variants named in `seeded`, the others have one. Without `folds` all due trainings are taken.
    """

    variants: tuple[Variant, ...]
    seeds: int = 1
    seeded: tuple[str, ...] = ("gru", "gan")
    folds: tuple[str, ...] = ()
    until: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise SettingsError for fewer than 1 seed, for seeds of no variant, and for a variant that is no fair one."""
        if self.seeds < 1:
            raise SettingsError(f"seeds = {self.seeds}: expected at least 1")
        if self.until is not None:
            parsed_month(self.until)
        known = {variant.name for variant in (*PRESETS, *self.variants)}
        unknown = [name for name in self.seeded if name not in known]
        if unknown:
            raise SettingsError(
                f"no variant {unknown[0]!r} to give {self.seeds} seeds: there are {', '.join(sorted(known))}"
            )
        for variant in self.variants:
            for name in variant.changes:
                if name.partition(".")[0] in SAME_SECTIONS or name in HOW_FAR:
                    raise SettingsError(
                        f"variant {variant.name!r} changes {name}: data, dates and evaluation are the same for all "
                        f"variants; change it for all of them with --set"
                    )

    def seeds_of(self, variant: Variant) -> int:
        """How many seeds a variant is trained with."""
        return self.seeds if variant.name in self.seeded else 1


@dataclass(frozen=True)
class PlannedTrial:
    """A trial with the changes that make it and the settings they come to."""

    trial: Trial
    overrides: Mapping[str, Any]
    settings: StudySettings


def planned_trials(root: Path, plan: Plan) -> list[PlannedTrial]:
    """Every trial of the plan with its settings; nothing is written.

    Raises SettingsError where a study of that name remembers a setting that the other variants would not have.
    """
    base, where = read_toml(root / "study.toml"), str(root / "study.toml")
    planned = []
    for variant in plan.variants:
        changes = dict(plan.changes) | dict(variant.changes)
        if plan.folds:
            span = {"training.first": min(plan.folds), "training.last": max(plan.folds)}
            changes = span | changes | {"training.folds": list(plan.folds)}
        settings = settings_from(with_overrides(base, changes), f"{where} with variant {variant.name}")
        for trial in trials_of(variant, settings.training.seed, plan.seeds_of(variant)):
            own = changes if trial.seed == settings.training.seed else changes | {"training.seed": trial.seed}
            planned.append(planned_trial(root, trial, own, base, where))
    return planned


def planned_trial(
    root: Path, trial: Trial, overrides: dict[str, Any], base: Plain, where: str
) -> PlannedTrial:
    """One trial, against what its study remembers from before."""
    settings = settings_from(with_overrides(base, overrides), f"{where} with variant {trial.variant.name}")
    path = root / "studies" / f"{trial.study}.toml"
    remembered = flat(read_toml(path)) if path.exists() else {}
    wanted = flat(plain_settings(settings))
    for name, value in remembered.items():
        if name in overrides or name.startswith(WHERE):
            continue
        default = wanted.get(name)
        if name in HOW_FAR:
            overrides = overrides | {name: listed(default)}
        elif listed(value) != listed(default):
            raise SettingsError(
                f"{path} remembers {name} = {value!r}, the other variants would have {default!r}: give all of them "
                f"--set {name}={value}, or delete that file and runs/{trial.study} to train it anew"
            )
    settings = settings_from(with_overrides(base, remembered | overrides), f"{where} with {path}")
    return PlannedTrial(trial, overrides, settings)


def listed(value: Any) -> Any:
    """A tuple as the list that TOML has for it."""
    return list(value) if isinstance(value, tuple) else value


def remembered_workspace(root: Path, planned: PlannedTrial) -> Workspace:
    """The trial's study, remembered in studies/NAME.toml as any other."""
    return open_workspace(root, planned.trial.study, planned.overrides)


def unremembered_workspace(root: Path, planned: PlannedTrial, folds: tuple[str, ...]) -> Workspace:
    """The trial's study with some of its trainings, for looking at: nothing is written."""
    training = replace(planned.settings.training, folds=folds)
    return Workspace(root, planned.trial.study, replace(planned.settings, training=training))


def base_settings(root: Path, plan: Plan) -> StudySettings:
    """study.toml with the settings that all variants have."""
    path = root / "study.toml"
    return settings_from(with_overrides(read_toml(path), plan.changes), str(path))


def main_workspace(root: Path, plan: Plan) -> Workspace:
    """The workspace under the settings that all variants have, for reading the market once."""
    return Workspace(root, MAIN, base_settings(root, plan))
