"""study.toml: every stage's settings composed, read with errors a person can act on, written with a comment each."""

import dataclasses
import json
import math
import textwrap
import tomllib
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from gangru.errors import SettingsError
from gangru.evaluation.enhance.settings import EnhanceSettings
from gangru.evaluation.settings import EvaluationSettings, PortfolioSettings
from gangru.factor.settings import FactorSettings
from gangru.features.labels import LabelSettings
from gangru.features.settings import FeatureSettings
from gangru.market.simulate.settings import SimulateSettings
from gangru.market.sources.settings import DataSettings
from gangru.market.universe import UniverseSettings
from gangru.report.settings import ReportSettings
from gangru.settings import Settings
from gangru.training.settings import GanSettings, PredictorSettings, RaySettings, TrainingSettings


@dataclasses.dataclass(frozen=True)
class StudySettings:
    """One set of settings: a section a stage."""

    data: DataSettings = DataSettings()
    simulate: SimulateSettings = SimulateSettings()
    universe: UniverseSettings = UniverseSettings()
    features: FeatureSettings = FeatureSettings()
    label: LabelSettings = LabelSettings()
    gan: GanSettings = GanSettings()
    predictor: PredictorSettings = PredictorSettings()
    training: TrainingSettings = TrainingSettings()
    ray: RaySettings = RaySettings()
    factor: FactorSettings = FactorSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    portfolio: PortfolioSettings = PortfolioSettings()
    enhance: EnhanceSettings = EnhanceSettings()
    report: ReportSettings = ReportSettings()


Plain = dict[str, dict[str, Any]]


def read_toml(path: Path) -> Plain:
    """The sections of a TOML file as plain dictionaries."""
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(
            f"{path} is not there: run `gangru init DIR` and work in that directory"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no TOML: {error}") from error
    for section, content in plain.items():
        if not isinstance(content, dict):
            raise SettingsError(
                f"{path}: {section} stands outside any section; expected [section] then key = value"
            )
    return plain


def with_overrides(plain: Plain, overrides: Mapping[str, Any]) -> Plain:
    """The sections with SECTION.KEY values put in."""
    merged = {section: dict(content) for section, content in plain.items()}
    for name, value in overrides.items():
        section, dot, key = name.partition(".")
        if not dot:
            raise SettingsError(f"{name}: expected SECTION.KEY, as in training.seed=1")
        merged.setdefault(section, {})[key] = value
    return merged


def settings_from(plain: Plain, where: str) -> StudySettings:
    """Compose the settings from plain sections. Raises SettingsError naming `where`, section and key."""
    sections = section_types()
    unknown = sorted(plain.keys() - sections.keys())
    if unknown:
        raise SettingsError(f"{where}: unknown section [{unknown[0]}]; expected one of {', '.join(sections)}")
    parts = {name: section_from(kind, name, plain.get(name, {}), where) for name, kind in sections.items()}
    return StudySettings(**parts)


def section_from(kind: type[Settings], section: str, content: Mapping[str, Any], where: str) -> Any:
    """One stage's settings from plain values, types checked by pydantic, ranges by the stage itself."""
    from pydantic import ConfigDict, TypeAdapter, ValidationError, create_model

    hints = typing.get_type_hints(kind)
    fields: dict[str, Any] = {f.name: (hints[f.name], default_of(f)) for f in dataclasses.fields(kind)}
    unknown = sorted(content.keys() - fields.keys())
    if unknown:
        raise SettingsError(
            f"{where}: unknown setting {section}.{unknown[0]}; [{section}] has {', '.join(fields)}"
        )
    model = create_model(
        kind.__name__, __config__=ConfigDict(extra="forbid", protected_namespaces=()), **fields
    )
    try:
        checked = TypeAdapter(model).validate_json(json.dumps(content, default=str), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{where}: {section}.{key} = {first['input']!r}: {first['msg']}") from error
    try:
        return kind(**{name: getattr(checked, name) for name in fields})
    except SettingsError as error:
        raise SettingsError(f"{where}: {section}.{error}") from error


def section_types() -> dict[str, type[Settings]]:
    """Section name → its settings class, in the order of the file."""
    return typing.get_type_hints(StudySettings)


def default_of(field: "dataclasses.Field[Any]") -> Any:
    """A field's default value."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def plain_settings(settings: StudySettings) -> Plain:
    """Every setting as plain values, section by section."""
    return {name: dataclasses.asdict(getattr(settings, name)) for name in section_types()}


def told_settings(settings: StudySettings) -> Plain:
    """Every setting that a result may tell of: whose machines it was made on stays out."""
    return {name: content for name, content in plain_settings(settings).items() if name != "ray"}


@dataclasses.dataclass(frozen=True)
class EngineChoice:
    """What trains for one command, which no study remembers: an engine, a Ray cluster; empty = what the settings say.

    An address means Ray.
    """

    engine: Literal["", "local", "ray"] = ""
    address: str = ""

    def __post_init__(self) -> None:
        """Raise SettingsError for an address that nothing would use."""
        if self.engine == "local" and self.address:
            raise SettingsError(
                f"{self.address} is the address of a Ray cluster: expected --engine ray with it"
            )

    def of(self, settings: StudySettings) -> StudySettings:
        """The settings with this choice in them."""
        if not (self.engine or self.address):
            return settings
        training = dataclasses.replace(settings.training, engine=self.engine or "ray")
        address = self.address or settings.ray.address
        return dataclasses.replace(
            settings, training=training, ray=dataclasses.replace(settings.ray, address=address)
        )


def settings_toml(
    settings: StudySettings, sections: tuple[str, ...] | None = None, *, commented: bool = True
) -> str:
    """study.toml with every setting, its sentence, unit and choices as a comment above it."""
    lines: list[str] = []
    for name, kind in section_types().items():
        if sections is not None and name not in sections:
            continue
        lines += ["", f"[{name}]"] if lines else [f"[{name}]"]
        values, hints = getattr(settings, name), typing.get_type_hints(kind)
        tables = []
        for field in dataclasses.fields(kind):
            value = getattr(values, field.name)
            comment = [f"# {line}" for line in describe(field, hints[field.name])] if commented else []
            if isinstance(value, dict):
                entries = [f"{toml_value(k)} = {toml_value(v)}" for k, v in value.items()]
                tables += [*comment, f"[{name}.{field.name}]", *entries]
            elif value is None:
                lines += [*comment, f"# {field.name} ="]
            else:
                lines += [*comment, *toml_lines(field.name, value)]
        lines += tables
    return "\n".join(lines) + "\n"


def describe(field: "dataclasses.Field[Any]", hint: Any) -> list[str]:
    """A setting's sentence, unit, choices and range, wrapped to lines."""
    meta = field.metadata
    choices = [repr(c) for c in typing.get_args(hint)] if typing.get_origin(hint) is Literal else []
    bounds = [
        f"{sign} {meta[key]}"
        for key, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"))
        if meta.get(key) is not None
    ]
    extra = [f"[{meta['unit']}]"] if meta.get("unit") else []
    extra += ["one of " + ", ".join(choices).replace("'", '"')] if choices else []
    extra += [", ".join(bounds)] if bounds else []
    return textwrap.wrap(" ".join([meta.get("doc", ""), *extra]), width=108, break_on_hyphens=False)


def toml_lines(name: str, value: Any) -> list[str]:
    """A setting as TOML; a long list is broken into lines."""
    whole = f"{name} = {toml_value(value)}"
    if len(whole) <= 110 or not isinstance(value, tuple | list):
        return [whole]
    items = textwrap.wrap(", ".join(toml_value(item) for item in value), width=104)
    return [f"{name} = [", *(f"    {line}" for line in items), "]"]


def toml_value(value: Any) -> str:
    """A value as TOML; JSON's spelling of strings, numbers and lists is TOML's too."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        raise SettingsError(
            f"{value} cannot stand in a settings file: leave the setting out or give a number"
        )
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml_value(k)} = {toml_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
