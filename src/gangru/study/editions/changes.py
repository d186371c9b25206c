"""What an edition was made of then and would be made of now, side by side."""

from collections.abc import Callable, Mapping
from typing import Any

from gangru.report.issued import InputChange
from gangru.report.sections.appendix import plain as setting_words
from gangru.settings import flat
from gangru.study.editions.record import MadeOf

NOT_OF_FIGURES = ("report",)  # sections of the settings that change no figure
Revised = Callable[[str, int, int], int]  # table, version then, version now → rows changed or removed
SHORT = 12


def input_changes(then: MadeOf, now: MadeOf, revised: Revised, factor_now: str | None) -> list[InputChange]:
    """What differs, kind by kind.

    A newer version of a table that only has new rows is no change. `factor_now` is the hash that the rows up to the
    edition's own picks' date have today, None where that is not known.
    """
    changes = [
        *setting_changes(then.settings, now.settings),
        *data_changes(then.data_versions, now.data_versions, revised),
        *training_changes(then, now),
        *pair_changes("packages", then.packages, now.packages),
        *pair_changes("code", then.code, now.code),
    ]
    if factor_now is not None and factor_now != then.factor_sha256:
        changes.append(InputChange("factor", "factor", then.factor_sha256[:SHORT], factor_now[:SHORT]))
    return changes


def setting_changes(
    then: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]
) -> list[InputChange]:
    """The settings that differ; one that either version does not know is left out."""
    old, new = figure_settings(then), figure_settings(now)
    return [
        InputChange("settings", name, written(old[name]), written(new[name]))
        for name in old
        if name in new and plain(old[name]) != plain(new[name])
    ]


def figure_settings(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """SECTION.KEY → value of what can change a figure."""
    return flat({section: content for section, content in settings.items() if section not in NOT_OF_FIGURES})


def plain(value: Any) -> Any:
    """A value as JSON gives it back: tuples are lists."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def written(value: Any) -> str:
    """A setting or version as the report writes it; nothing is a dash."""
    return setting_words(value) or "–"


def data_changes(
    then: Mapping[str, int | None], now: Mapping[str, int | None], revised: Revised
) -> list[InputChange]:
    """The tables of which rows were revised since, and those that came or went."""
    found = []
    for name in dict.fromkeys([*then, *now]):
        old, new = then.get(name), now.get(name)
        if old is None or new is None:
            if old is not new:
                found.append(InputChange("data", name, written(old), written(new)))
        elif new < old:
            found.append(InputChange("data", name, f"version {old}", f"version {new}"))
        elif new > old and (rows := revised(name, old, new)):
            found.append(
                InputChange(
                    "data", name, f"version {old}", f"version {new}, {rows:,} rows changed or removed"
                )
            )
    return found


def training_changes(then: MadeOf, now: MadeOf) -> list[InputChange]:
    """The trainings whose weights are others now; one that came later serves later months."""
    new = {fold["name"]: fold["files"] for fold in now.folds}
    found = []
    for fold in then.folds:
        old = weights(fold["files"])
        if fold["name"] not in new:
            found.append(InputChange("training", fold["name"], digest(old), "–"))
        elif weights(new[fold["name"]]) != old:
            found.append(
                InputChange("training", fold["name"], digest(old), digest(weights(new[fold["name"]])))
            )
    return found


def weights(files: Mapping[str, str]) -> dict[str, str]:
    """The files of a training but for its manifests, which also say where and when it ran."""
    return {name: value for name, value in files.items() if not name.endswith("manifest.json")}


def digest(files: Mapping[str, str]) -> str:
    """Some digits of the first file's hash."""
    return next((value[:SHORT] for value in files.values()), "–")


def pair_changes(kind: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> list[InputChange]:
    """The names whose value differs."""
    return [
        InputChange(kind, name, written(then.get(name)), written(now.get(name)))  # type: ignore[arg-type]
        for name in dict.fromkeys([*then, *now])
        if then.get(name) != now.get(name)
    ]
