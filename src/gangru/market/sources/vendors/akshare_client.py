"""Akshare's functions under our rules: bounded in time, silent, and every page that cannot be read told as such.

The functions ask websites made for people. Most set no time limit, and fail where a page has changed or an address is
shut out with whatever error the first wrong value raises.
"""

import io
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import polars as pl

from gangru.errors import InputError
from gangru.market.sources.vendors.akshare_endpoints import ENDPOINTS, Endpoint
from gangru.market.sources.vendors.answers import shaped
from gangru.market.sources.vendors.calls import Caller, NotGivenError, Pace, RefusedError, Verdict
from gangru.market.sources.vendors.deadline import within
from gangru.market.sources.vendors.spool import Spool

NAME = "akshare"
SECONDS = 90.0  # for one function with all its pages
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, SyntaxError, NameError, ArithmeticError)


def imported() -> Any:
    """The vendor's package; raises InputError saying how to install it."""
    try:
        return import_module(NAME)
    except ModuleNotFoundError as error:
        raise InputError(f"{error}: install it with pip install 'gangru[akshare]'") from error


def judged(_error: Exception) -> Verdict:
    """Nothing tells a page that has changed from one that is shown to none who ask too often: try again, slowly."""
    return Verdict.AGAIN


def caller() -> Caller:
    """The caller of akshare's functions: each at its own pace, five tries over about two minutes."""
    paces = {name: Pace(endpoint.per_minute, 5, 5.0) for name, endpoint in ENDPOINTS.items()}
    return Caller(NAME, judged, (RefusedError, OSError), Pace(30.0, 5, 5.0), paces)


@dataclass(frozen=True)
class Client:
    """The functions of `package`, their answers kept in the spool."""

    package: Any
    caller: Caller
    spool: Spool
    seconds: float = SECONDS

    def answer(self, endpoint: Endpoint, key: str, arguments: Mapping[str, str]) -> pl.DataFrame:
        """The columns of an answer, from the spool where it is there; `key` names what it depends on.

        An empty one is not kept: some sites send nothing to those who ask too often. Raises NotGivenError naming the
        function where it gives nothing readable, or other columns than it did.
        """
        if self.spool.has(endpoint.name, key):
            return self.spool.get(endpoint.name, key)
        rows = self._asked(endpoint, arguments)
        if len(rows):
            self.spool.put(endpoint.name, key, rows)
        return rows

    def _asked(self, endpoint: Endpoint, arguments: Mapping[str, str]) -> pl.DataFrame:
        """The answer fetched, tried again where it fails."""
        call = f"akshare {endpoint.name}({', '.join(f'{k}={v}' for k, v in arguments.items())})"

        def once() -> pl.DataFrame:
            table = self._table(endpoint, lambda: getattr(self.package, endpoint.name)(**arguments))
            if table is not None and len(table):
                return dated(shaped(table, endpoint.columns, call), endpoint)
            if endpoint.may_be_empty:
                return pl.DataFrame(schema=dict(endpoint.columns))
            raise RefusedError("nothing came where something has to be")

        try:
            return self.caller.call(endpoint.name, arguments, once)
        except InputError as error:  # one site of many: the others may well answer
            raise NotGivenError(str(error)) from error

    def _table(self, endpoint: Endpoint, ask: Callable[[], Any]) -> Any:
        """What the function gives, None where it says that there is nothing; RefusedError for what it choked on."""
        try:
            with redirect_stdout(io.StringIO()):
                return within(self.seconds, ask)
        except UNREADABLE as error:
            if endpoint.none and endpoint.none in str(error):
                return None
            raise RefusedError(
                f"akshare {self.version} cannot read what the site sent ({type(error).__name__}: {error}): it has "
                "shut this address out for a while, or changed, and a newer akshare may read it"
            ) from error
        except OSError:
            raise
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "py_mini_racer":
                raise
            raise RefusedError(f"the site's script did not run: {error}") from error

    @property
    def version(self) -> str:
        """The package's version."""
        return str(getattr(self.package, "__version__", "of unknown version"))


def dated(rows: pl.DataFrame, endpoint: Endpoint) -> pl.DataFrame:
    """Days as dates, null where text is none: intervals are made of them before the checks."""
    days = [
        name for name, dtype in endpoint.columns.items() if dtype == pl.Date and rows[name].dtype == pl.String
    ]
    return rows.with_columns(pl.col(name).str.to_date(strict=False) for name in days)
