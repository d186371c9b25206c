"""Delta tables opened and written: a commit lands on the version that its writer read, or not at all."""

import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

import polars as pl

from gangru import __version__
from gangru.errors import StoreError

if TYPE_CHECKING:
    from deltalake import DeltaTable

ATTEMPTS = 40
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds; doubled from one attempt to the next
COMMAND_LENGTH = 200
KEEP_LOGS = {"delta.enableExpiredLogCleanup": "false"}  # Delta forgets versions after 30 days otherwise
# An object store that does not answer is given up within half a minute, and a commit is a conditional put, so that of
# two writers of one version one fails.
S3_OPTIONS = {
    "aws_conditional_put": "etag",
    "connect_timeout": "5s",
    "timeout": "30s",
    "max_retries": "3",
    "retry_timeout": "20s",
}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
ERROR_LENGTH = 500

Done = TypeVar("Done")


class ConflictError(Exception):
    """Another process committed between this writer's read and its commit; nothing was written."""


UPKEEP = frozenset({"OPTIMIZE", "VACUUM START", "VACUUM END"})  # operations that leave the rows as they are
UPKEEP_COMMITS = 20  # in a row, at most: a compaction with a vacuum makes three


def storage_options(where: str) -> dict[str, str] | None:
    """What opening needs beside the environment's credentials; None for a local path."""
    return dict(S3_OPTIONS) if where.startswith(("s3://", "s3a://")) else None


def open_delta(where: str, version: int | None = None) -> "DeltaTable | None":
    """The Delta table at a path or URI, None where none has been written.

    Raises StoreError where the table, or the version asked for, cannot be read.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError, TableNotFoundError

    class LocalTable(DeltaTable):
        """Names its files as they are called: Delta's escapes (%20 for a blank) are no paths, which Polars reads."""

        def file_uris(self, partition_filters: Any = None, **named: Any) -> list[str]:
            return [unquote(file) for file in super().file_uris(partition_filters, **named)]

    options = storage_options(where)
    try:
        return (LocalTable if options is None else DeltaTable)(
            where, version=version, storage_options=options
        )
    except TableNotFoundError:
        return None
    except (DeltaError, OSError) as error:
        asked = "" if version is None else f" at version {version}"
        raise StoreError(f"{where} cannot be read{asked}: {one_line(error)}{advice(where)}") from error


def lazy_rows(delta: "DeltaTable") -> pl.LazyFrame:
    """All rows of an opened table with the columns that it has in its files.

    Raises StoreError where one of its files is gone; of an object store that shows in `collected` alone.
    """
    refuse_without_files(delta)
    if storage_options(delta.table_uri) is None:
        return pl.scan_delta(delta)
    return pl.scan_delta(delta, storage_options={"max_retries": int(S3_OPTIONS["max_retries"])})


def collected(rows: pl.LazyFrame, delta: "DeltaTable") -> pl.DataFrame:
    """The rows of a query on an opened table; raises StoreError where its files are not all there."""
    try:
        return rows.collect()
    except (FileNotFoundError, pl.exceptions.ComputeError) as error:
        raise lacking_files(delta, one_line(error)) from error


def refuse_without_files(delta: "DeltaTable") -> None:
    """Raise StoreError where a local table names a data file that is not there."""
    if storage_options(delta.table_uri) is not None:
        return
    files = delta.file_uris()
    gone = [file for file in files if not Path(file).exists()]
    if gone:
        raise lacking_files(delta, f"{len(gone)} of {len(files)}, the first of them {gone[0]}")


def lacking_files(delta: "DeltaTable", which: str) -> StoreError:
    """What to say of a version whose data files are not all there."""
    where = unquote(delta.table_uri.removeprefix("file://")).rstrip("/")
    return StoreError(
        f"{where.rsplit('/', 1)[-1]} at version {opened_version(delta)} cannot be read any more: its files are not all "
        f"there ({which}); where `gangru store compact --drop-older-than` dropped them, take a newer version, "
        f"else bring them back from a copy, or delete {where} and ingest again"
    )


def insist(where: str, attempt: Callable[["DeltaTable | None"], Done]) -> Done:
    """Let `attempt` read the newest version and commit on it; again from the start where another commit came between.

    Raises StoreError after so many conflicts that something else must be wrong.
    """
    pause = FIRST_PAUSE
    for _ in range(ATTEMPTS):
        try:
            return attempt(open_delta(where))
        except ConflictError:
            # Not reproducible on purpose: two writers that wait equally long meet again.
            time.sleep(SystemRandom().uniform(0.2, 1.0) * pause)
            pause = min(2 * pause, LONGEST_PAUSE)
    raise StoreError(
        f"{where} was changed by other processes {ATTEMPTS} times while this one computed, and keeps what they wrote: "
        "let them finish, then run this command again"
    )


def commit(
    where: str,
    delta: "DeltaTable | None",
    parts: Iterator[pl.DataFrame],
    empty: pl.DataFrame,
    record: Mapping[str, str],
    *,
    partition: str | None = None,
    append: bool = False,
    predicate: str | None = None,
) -> None:
    """Commit the parts, one in memory at a time, as the version after that of `delta`, or create the table.

    They are appended, or put in place of the rows that `predicate` chooses, or of all rows. `empty` has their columns;
    `record` stands in the log beside the command and gangru's version. Raises ConflictError where another process
    committed since `delta` was opened, StoreError where writing fails; the table is then as it was.
    """
    import pyarrow as pa
    from deltalake import CommitProperties, PostCommitHookProperties, write_deltalake
    from deltalake.exceptions import DeltaError

    batches = (batch for part in parts for batch in part.to_arrow().to_batches())
    try:
        write_deltalake(
            where if delta is None else delta,
            pa.RecordBatchReader.from_batches(empty.to_arrow().schema, batches),
            partition_by=[partition] if partition else None,
            **place_of(where, delta, empty.columns, append=append, predicate=predicate),
            commit_properties=CommitProperties(custom_metadata=signed(record), max_commit_retries=0),
            post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
        )
    except (DeltaError, OSError) as error:
        if moved(where, delta):
            raise ConflictError(where) from error
        raise StoreError(
            f"{where} could not be written and keeps its last version: {one_line(error)}{advice(where)}"
        ) from error


def place_of(
    where: str, delta: "DeltaTable | None", columns: Sequence[str], *, append: bool, predicate: str | None
) -> dict[str, Any]:
    """Where a commit's rows go, as Delta's writer takes it: after the others, in place of them, or in a new table."""
    if delta is None:
        return {"mode": "error", "configuration": KEEP_LOGS, "storage_options": storage_options(where)}
    more = not set(columns) <= {field.name for field in delta.schema().fields}
    mode = {"mode": "append" if append else "overwrite", "schema_mode": "merge" if more else None}
    return mode if predicate is None else {**mode, "predicate": predicate}


def moved(where: str, delta: "DeltaTable | None") -> bool:
    """Whether a table is at another version than the one that was opened."""
    now = open_delta(where)
    if now is None or delta is None:
        return (now is None) != (delta is None)
    return int(now.version()) != opened_version(delta)


def opened_version(delta: "DeltaTable") -> int:
    """The version of an opened table."""
    return int(delta.version())


def content_version(delta: "DeltaTable") -> int:
    """The version that last changed the opened rows: compactions and vacuums after it left them as they were."""
    opened = opened_version(delta)
    for entry in delta.history(UPKEEP_COMMITS):
        if entry["version"] <= opened and entry["operation"] not in UPKEEP:
            return int(entry["version"])
    return opened


def signed(record: Mapping[str, str]) -> dict[str, str]:
    """A commit's record with who made it."""
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    return {**record, "command": command[:COMMAND_LENGTH], "gangru": __version__}


def one_line(error: Exception | str) -> str:
    """An error's text without line breaks and colours, cut where a server sent a page."""
    text = " ".join(COLOURS.sub("", str(error)).split())
    return text if len(text) <= ERROR_LENGTH else f"{text[:ERROR_LENGTH]} …"


def advice(where: str) -> str:
    """What to look at where an object store does not answer as it should."""
    if storage_options(where) is None:
        return ""
    return (
        " (is the bucket there, and are AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and, for another server "
        "than Amazon's, AWS_ENDPOINT_URL and AWS_ALLOW_HTTP set?)"
    )
