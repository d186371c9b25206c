"""The variants of an ablation: each a few changed settings, and an ordinary study of the workspace for each seed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gangru.errors import SettingsError
from gangru.study.workspace import NAME

SEED_NAME = re.compile(r"-s\d+$")  # how the studies of further seeds end


@dataclass(frozen=True)
class Variant:
    """A named set of changes (SECTION.KEY → value) to study.toml, and a sentence on what it is."""

    name: str
    what: str
    changes: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Raise SettingsError for a name that cannot be a study's or would be taken for another's seed."""
        if not NAME.fullmatch(self.name) or SEED_NAME.search(self.name):
            raise SettingsError(
                f"variant {self.name!r}: expected letters, digits, - and _, and no end like -s1, which names a seed"
            )
        if not self.changes:
            raise SettingsError(f"variant {self.name!r} changes no setting: give SECTION.KEY=VALUE")


def net(name: str, what: str, generator: str) -> Variant:
    """A variant of the GRU that differs in what it reads."""
    return Variant(name, what, {"predictor.kind": "gru", "features.generator": generator})


def other(name: str, what: str) -> Variant:
    """A variant of another predictor, on real windows."""
    return Variant(name, what, {"predictor.kind": name, "features.generator": "none"})


PRESETS: tuple[Variant, ...] = (
    net("gru", "the GRU on real windows", "none"),
    net("gan", "the GRU on windows out of the GAN's generator, as [gan] has it", "gan"),
    net("untrained", "the GRU on windows out of the same generator, never trained", "untrained"),
    net("ae", "the GRU on windows out of the same generator, trained to reconstruct", "ae"),
    other("lightgbm", "gradient-boosted trees on real windows, flattened"),
    other("reversal", "nothing trained: minus 20-day return and 20-day turnover"),
)


def chosen_variants(names: tuple[str, ...], more: tuple[Variant, ...] = ()) -> tuple[Variant, ...]:
    """The presets of these names, in the presets' order, and then `more`.

    Raises SettingsError for a name that is no preset, or is there twice.
    """
    known = {variant.name: variant for variant in PRESETS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SettingsError(
            f"no variant {unknown[0]!r}: there are {', '.join(known)}, and --with adds others"
        )
    variants = (*(variant for variant in PRESETS if variant.name in names), *more)
    # Each is a folder, and some systems take Gru and gru for one.
    lower = [variant.name.lower() for variant in variants]
    twice = [variant.name for i, variant in enumerate(variants) if lower[i] in lower[:i]]
    if twice:
        raise SettingsError(f"variant {twice[0]!r} is there twice: give the added one another name")
    if not variants:
        raise SettingsError("no variant to compare: name some with --variants, or add some with --with")
    return variants


@dataclass(frozen=True)
class Trial:
    """One variant under one seed: a study of the workspace."""

    variant: Variant
    seed: int
    study: str


def trials_of(variant: Variant, base_seed: int, seeds: int) -> tuple[Trial, ...]:
    """The trials of a variant: the first under its plain name, the others with their seed in the name."""
    first = f"ablate-{variant.name}"
    return tuple(
        Trial(variant, seed, first if seed == base_seed else f"{first}-s{seed}")
        for seed in range(base_seed, base_seed + seeds)
    )
