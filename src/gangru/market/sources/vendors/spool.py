"""Answers of a vendor that were fetched and are not in the store yet: a stopped fetch goes on with what is missing.

One Parquet file an answer, `KIND/KEY.parquet`, written whole or not at all. A key names all that the answer depends on:
the day it is of, or the code and the span. Only what can no longer change is kept under such a key: spans end on a day
whose figures are settled (`asked.settled_day`), and lists as of now carry the day of the fetch in their key.
"""

import io
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote, unquote

import polars as pl

from gangru.atomic import write_bytes, write_text
from gangru.errors import InputError
from gangru.market.sources.vendors.alone import alone

BEGUN = "begun.json"  # the last day of each fetch that was begun without one
SUFFIX = ".parquet"


@dataclass(frozen=True)
class Spool:
    """A directory of fetched answers."""

    directory: Path

    def has(self, kind: str, key: str) -> bool:
        """Whether the answer is there."""
        return self._path(kind, key).exists()

    def put(self, kind: str, key: str, answer: pl.DataFrame) -> None:
        """Keep an answer, in place of an earlier one."""
        content = io.BytesIO()
        answer.write_parquet(content)
        write_bytes(self._path(kind, key), content.getvalue())

    def get(self, kind: str, key: str) -> pl.DataFrame:
        """One answer; raises InputError naming the file where it is missing or damaged."""
        path = self._path(kind, key)
        try:
            return pl.read_parquet(path.read_bytes())
        except (OSError, pl.exceptions.PolarsError) as error:
            raise InputError(
                f"{path} cannot be read ({error}): remove it, and it is fetched again"
            ) from error

    def kept(self, kind: str, key: str, fetch: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """The answer that is there, else the one that `fetch` gives, which is kept."""
        if not self.has(kind, key):
            self.put(kind, key, fetch())
        return self.get(kind, key)

    def read(self, kind: str, keys: Iterable[str]) -> pl.DataFrame:
        """The answers of these keys below one another; a column that is text in one of them is text in all."""
        answers = [self.get(kind, key) for key in keys]
        filled = [answer for answer in answers if len(answer)] or answers[:1]
        return pl.concat(filled, how="vertical_relaxed") if filled else pl.DataFrame()

    def keys(self, kind: str) -> list[str]:
        """The keys of a kind that are there, sorted."""
        return sorted(
            unquote(path.name.removesuffix(SUFFIX)) for path in self._folder(kind).glob(f"*{SUFFIX}")
        )

    def until(self, request: str, settled: date) -> date:
        """The last day of a fetch that is to go as far as possible: `settled`, or what it was when it was begun.

        A fetch of thousands of codes may be stopped and taken up again on another day; its answers then still fit
        one another. Forgotten by `clear`.
        """
        path = self.directory / BEGUN
        try:
            begun: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
            if request not in begun:
                begun[request] = settled.isoformat()
                write_text(path, json.dumps(begun, indent=1, ensure_ascii=False))
            return date.fromisoformat(begun[request])
        except (ValueError, TypeError) as error:
            raise InputError(
                f"{path} cannot be read ({error}): remove it, and the fetch begins anew"
            ) from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes out meanwhile; raises InputError where one is at it."""
        with alone(self._lock) as mine:
            if not mine:
                raise InputError(
                    f"another process is fetching the same into {self.directory}: wait until it has ended, or stop it; "
                    "the same command then goes on with what it has fetched"
                )
            yield

    def let_go(self) -> None:
        """Forget everything unless another process has taken it up meanwhile, which then does so."""
        with alone(self._lock) as mine:
            if mine:
                self.clear()

    def clear(self) -> None:
        """Forget everything: it is in the store."""
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def _lock(self) -> Path:
        """Beside the directory, which is removed."""
        return self.directory.with_name(f".{self.directory.name}.lock")

    def _folder(self, kind: str) -> Path:
        return self.directory / quote(kind, safe="")

    def _path(self, kind: str, key: str) -> Path:
        return self._folder(kind) / f"{quote(key, safe=' ')}{SUFFIX}"
