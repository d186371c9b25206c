"""A study as a notebook or a program drives it: what the commands do, as methods of one object."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from gangru.market.sources.protocol import OnProgress, unheard
from gangru.study.extensions import NONE, Extensions
from gangru.study.settings import StudySettings
from gangru.study.workspace import MAIN, init_workspace, open_workspace

if TYPE_CHECKING:
    from gangru.evaluation.result import Evaluation
    from gangru.market.check.check import CheckReport
    from gangru.market.ingest import IngestReport
    from gangru.market.sources.protocol import Source
    from gangru.report.languages import Choice
    from gangru.study.audit.result import AuditReport
    from gangru.study.inputs import Inputs


class Study:
    """One study of a workspace: `study.toml`, or a variant of it.

    The market is read when it is first needed and kept; `reload` reads it anew, and so does an ingest. What is written
    lies where the commands write it, so that notebook and command line go on where the other stopped.
    """

    def __init__(
        self,
        root: str | Path = ".",
        name: str = MAIN,
        settings: "Mapping[str, Any] | None" = None,
        extensions: Extensions = NONE,
    ) -> None:
        """Open a study; `settings` (SECTION.KEY → value) are remembered as a variant's changes, as by `--set`.

        Raises SettingsError for what does not fit, naming the key and what was expected.
        """
        self._workspace = replace(open_workspace(Path(root), name, settings), extensions=extensions)

    @classmethod
    def create(
        cls,
        root: str | Path,
        settings: "Mapping[str, Any] | None" = None,
        extensions: Extensions = NONE,
    ) -> Self:
        """Make a workspace: a commented study.toml with every setting, `settings` (SECTION.KEY → value) among them.

        Raises SettingsError where there is one already.
        """
        init_workspace(Path(root), settings)
        return cls(root, extensions=extensions)

    def __repr__(self) -> str:
        return f"Study({str(self.root)!r}, {self.name!r})"

    @property
    def root(self) -> Path:
        """The workspace's directory."""
        return self._workspace.root

    @property
    def name(self) -> str:
        """The study's name; `main` is study.toml itself."""
        return self._workspace.study

    @property
    def settings(self) -> StudySettings:
        """Every setting, a frozen section a stage."""
        return self._workspace.settings

    @property
    def runs(self) -> Path:
        """Where the study's trainings, factor and evaluation lie."""
        return self._workspace.runs

    def variant(self, name: str, settings: "Mapping[str, Any] | None" = None) -> "Study":
        """Another study of the workspace, with the same extensions: these settings beside study.toml's."""
        return Study(self.root, name, settings, self._workspace.extensions)

    @cached_property
    def inputs(self) -> "Inputs":
        """The market as arrays, the universe, the panel and the labels, each made when it is first asked for.

        Raises MarketError where nothing was ingested.
        """
        from gangru.study.inputs import load_inputs

        return load_inputs(self._workspace)

    def reload(self) -> None:
        """Forget what was read of the store."""
        self.__dict__.pop("inputs", None)

    def simulate(self) -> "IngestReport":
        """Simulate a market with a planted signal by the section [simulate], and ingest it."""
        from gangru.market.sources.request import Request
        from gangru.study.ingesting import take_in

        return self._landed(take_in(self._workspace, Request("simulate")))

    def ingest(
        self, *what: "str | Path | Source", kind: str | None = None, on_progress: OnProgress = unheard
    ) -> "IngestReport":
        """Take in files and folders, or one source: an object of your own that yields pieces.

        `kind` says what the files are taken for where their columns do not. Valid rows are kept, faulty ones wait in
        the table `quarantine` with file, row and reason. Raises InputError where nothing of it can be used. An own
        source is not remembered: `gangru update` cannot ask it again.
        """
        from gangru.market.ingest import ingest_source
        from gangru.market.sources.request import Request
        from gangru.study.ingesting import take_in

        paths = tuple(str(Path(one).expanduser()) for one in what if isinstance(one, str | Path))
        sources = [one for one in what if not isinstance(one, str | Path)]
        if sources and len(what) > 1:
            raise TypeError("ingest takes paths, or one source by itself")
        if sources:
            return self._landed(ingest_source(sources[0], self._workspace.store.unpinned(), on_progress))
        return self._landed(take_in(self._workspace, Request("files", paths, kind), on_progress))

    def _landed(self, report: "IngestReport") -> "IngestReport":
        self.reload()
        return report

    def table(self, name: str) -> pl.DataFrame:
        """A table of the store: bars, securities, industry, index_bars, members, calendar, quarantine, …"""
        return self._workspace.store.read(name)

    def check(self, on_progress: OnProgress = unheard) -> "CheckReport":
        """What is wrong or missing in the data, with counts and examples."""
        from gangru.market.check.check import check

        return check(self._workspace.store, on_progress)

    def train(self, on_progress: OnProgress = unheard) -> list[str]:
        """Train what is due and not yet done; the names of those trained now.

        After an interruption the next call goes on from the last finished epoch.
        """
        from gangru.study import stages

        def on_tick(job: Any, tick: Any) -> None:
            on_progress(f"{job.name} {tick.phase} epoch {tick.epoch}", tick.epoch / tick.max_epochs)

        return stages.train(self.inputs, on_tick)

    def factor(self, on_progress: OnProgress = unheard) -> pl.DataFrame:
        """Predict, neutralise and write the factor: date, code, pret, factor, fold.

        Dates that would come out the same are kept. Raises CheckpointError where a training is not done.
        """
        from gangru.study import stages

        def on_step(day: str, done: int, total: int) -> None:
            on_progress(day, done / total)

        return stages.make_factor(self.inputs, on_step, keep=True).table

    def evaluate(
        self,
        factor: Any = None,
        *,
        column: str = "factor",
        others: "Mapping[str, Any] | None" = None,
        month: str | None = None,
    ) -> "Evaluation":
        """Measure the study's own factor, or any table of date, code and `column`, up to a return month.

        `factor` is a Polars or pandas table, or the path of a CSV or Parquet file; `others` are factors to compare
        with, by name. The month is the last whose return is known, or 'YYYY-MM'. Raises EvaluationError where nothing
        of the factor can be used. An own factor is measured and nothing is written; the study's is kept in
        evaluation.json.
        """
        from gangru.study import measuring
        from gangru.study.evaluating import evaluate_any, told_others
        from gangru.study.factor_table import read_factor

        if factor is not None:
            return evaluate_any(lambda: self.inputs, factor, column, others, month)
        beside, made = told_others(others, column), read_factor(self._workspace)
        evaluation = measuring.evaluate(self.inputs, made, month, beside, whole=True)
        if month is None:
            document = measuring.evaluation_document(self.inputs, evaluation, made.drops)
            measuring.write_evaluation(self.inputs, document)
        return evaluation

    def report(
        self,
        month: str | None = None,
        *,
        draft: bool = False,
        reason: str | None = None,
        lang: "Choice | None" = None,
    ) -> list[Path]:
        """Issue the monthly of a return month in every format of the settings, or write a draft; the files.

        Raises EditionError where it was issued with other figures and no `reason` for a revision is given.
        """
        from gangru.study.factor_table import read_factor
        from gangru.study.reporting import Wish, make_report

        wish = Wish(reason=reason, draft=draft, lang=lang)
        return make_report(self.inputs, read_factor(self._workspace), month, wish).paths

    def run(self, on_progress: OnProgress = unheard) -> "Evaluation":
        """Train, make the factor, evaluate: all that is due, in order."""
        self.train(on_progress)
        self.factor(on_progress)
        return self.evaluate()

    def audit(self, dates: int = 2, seed: int = 0, on_progress: OnProgress = unheard) -> "AuditReport":
        """Prove on the study's own data, own series and sources included, that nothing sees the future."""
        from gangru.study.audit.audit import audit

        return audit(self._workspace, dates, seed, on_progress)
