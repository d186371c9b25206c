"""What the report is told: the evaluation, the folds' records, the provenance and other studies' figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from gangru.evaluation.headline import Headline
from gangru.evaluation.result import Evaluation
from gangru.features.catalogue import Feature
from gangru.report.blocks import Quantity, share
from gangru.report.issued import EditionMark, PastEdition
from gangru.report.settings import ReportSettings


@dataclass(frozen=True)
class FoldRecord:
    """One training as the report tells it.

    predictor_curves: epoch, train_ic, valid_ic.
    gan_curves: epoch, d_loss, g_loss, d_real_accuracy, d_fake_accuracy, d_gradient_norm, g_gradient_norm,
    correlation, variance_ratio, dispersion_ratio, distance and its three parts, distance_*; None where no GAN was
    trained. An absent column is left out of its chart.
    gan_windows: code, feature, day, real, generated of a few stocks on `windows_on`; None where none were kept.
    """

    nominal: date
    trained_on: date
    serves_from: date
    serves_to: date | None
    predictor_curves: pl.DataFrame
    gan_curves: pl.DataFrame | None
    best_predictor_epoch: int | None
    best_gan_epoch: int | None
    collapsed: bool
    restarted: bool
    seconds: float
    best_valid_ic: float | None
    gan_windows: pl.DataFrame | None = None
    windows_on: date | None = None
    manifest: str | None = None  # SHA-256 of the run directory's manifest.json


@dataclass(frozen=True)
class Provenance:
    """Where the figures come from: enough to make them again.

    `settings` and `defaults` are section → key → value; what differs from the default is marked. Without
    `generated_at`, printed as given, the report carries no clock and the same inputs give the same bytes.
    """

    study: str
    settings: Mapping[str, Mapping[str, object]]
    defaults: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    data_versions: Mapping[str, object] = field(default_factory=dict)
    code_version: str | None = None
    commit: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    command: str | None = None
    generated_at: str | None = None

    def setting(self, section: str, key: str) -> object:
        """The value of a setting, None where it is not known."""
        return self.settings.get(section, {}).get(key)


@dataclass(frozen=True)
class Comparison:
    """Another study's figures under the headline convention, shown beside this one's."""

    name: str
    headline: Headline


@dataclass(frozen=True)
class MarketFacts:
    """The data behind the edition, as counts.

    coverage: year, days, stocks, bars, and the shares of the bars that lack something: no_vwap, no_shares, st_unknown.
    universe: reason, count of the stocks left out on `counted_on`, with `eligible` and `scored` of that day.
    quarantine: kind, reason, rows.
    """

    coverage: pl.DataFrame
    universe: pl.DataFrame
    quarantine: pl.DataFrame
    counted_on: date | None = None
    eligible: int | None = None
    scored: int | None = None


@dataclass(frozen=True)
class AblationRecord:
    """The workspace's last ablation.

    variants: variant, seeds, rank_ic, spread (over seeds), raw, icir, t, excess, collapsed; over the return months
    `first` to `last`, all of them the edition's or earlier.
    """

    variants: pl.DataFrame
    first: str
    last: str


@dataclass(frozen=True)
class Material:
    """All that one edition is made of, handed to every section."""

    evaluation: Evaluation
    month: str
    folds: Sequence[FoldRecord]
    provenance: Provenance
    data_notes: Sequence[str]
    simulated: Mapping[str, object] | None
    comparison: Sequence[Comparison]
    settings: ReportSettings
    previous: Evaluation | None = None  # up to the month before
    facts: MarketFacts | None = None
    ablation: AblationRecord | None = None
    mark: EditionMark | None = None  # which revision this is; None where nothing is issued
    issued: Sequence[PastEdition] = ()
    features: Sequence[Feature] = ()  # a user's own, beside the catalogue's

    @property
    def newest_fold(self) -> FoldRecord | None:
        """The last training, None where there is none."""
        return max(self.folds, key=lambda fold: fold.nominal, default=None)

    @property
    def generator(self) -> str:
        """What made the windows that the predictor read: gan, none, untrained or ae."""
        if self.predictor == "reversal":
            return "none"
        return str(self.provenance.setting("features", "generator") or "gan")

    @property
    def predictor(self) -> str:
        """What predicts: gru, lightgbm or reversal."""
        return str(self.provenance.setting("predictor", "kind") or "gru")

    def fraction(self, section: str, key: str, default: float) -> Quantity:
        """A share that the settings set, or its default where they were not handed on."""
        value = self.provenance.setting(section, key)
        return share(float(value) if isinstance(value, int | float) else default)

    def this_month(self) -> Mapping[str, object] | None:
        """The row of the return month in the evaluation's series, None where its return is not known."""
        rows = self.evaluation.series.filter(pl.col("month") == self.month)
        return rows.row(0, named=True) if len(rows) else None

    def of_month(self, column: str) -> float | None:
        """A figure of the return month alone."""
        row = self.this_month()
        value = None if row is None else row[column]
        return float(value) if isinstance(value, int | float) else None


def mean(values: pl.Series) -> float | None:
    """Mean of the known values, None where none is."""
    known = values.cast(pl.Float64).drop_nulls().drop_nans()
    return float(known.to_numpy().mean()) if len(known) else None
