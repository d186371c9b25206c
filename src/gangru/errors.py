"""The errors that gangru raises on purpose, in one tree.

Each message says what was expected, what came and what to do; the command line prints it and exits with 1.
"""


class GangruError(Exception):
    """A failure that a person can act on."""


class SettingsError(GangruError):
    """A setting that is unknown, of the wrong type or out of its range."""


class InputError(GangruError):
    """A file handed in that cannot be read as what it should be."""


class StoreError(GangruError):
    """A market store that is missing, empty or lacks what a stage needs."""


class MarketError(GangruError):
    """Market data that cannot answer what a stage asks of them."""


class TrainingError(GangruError):
    """A training that cannot start or must not go on."""


class CheckpointError(GangruError):
    """A run directory or a weights file that is not what it should be."""


class EvaluationError(GangruError):
    """A factor that cannot be evaluated at all."""


class ReportError(GangruError):
    """A report that cannot be written."""


class EditionError(ReportError):
    """An edition that was issued with other figures, or an archive of editions that cannot be read."""


class ServeError(GangruError):
    """Pages that cannot be served."""


def first_line(error: BaseException) -> str:
    """The first line of what another library's error says, without its advice; its type where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
