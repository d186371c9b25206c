"""What is asked of a source: kept with what came, so that an update can ask again."""

import dataclasses
import json
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from gangru.errors import InputError
from gangru.market.sources.protocol import Span

SourceName = Literal["files", "qlib", "tushare", "baostock", "akshare", "simulate"]
SOURCE_NAMES: tuple[str, ...] = get_args(SourceName)
VENDORS = ("tushare", "baostock", "akshare")


@dataclass(frozen=True)
class Request:
    """What to take in: which source, from where, what of it, and which days."""

    source: SourceName
    paths: tuple[str, ...] = ()  # files, folders or patterns; a qlib directory
    kind: str | None = None  # what files are taken for
    tables: tuple[str, ...] = ()  # of a vendor; empty is all
    codes: tuple[str, ...] = ()  # of a vendor; empty is the whole market
    since: date | None = None
    until: date | None = None

    @property
    def span(self) -> Span:
        """The days asked for."""
        return Span(self.since, self.until)

    def to_json(self) -> str:
        """The request as text; what is at its default is left out."""
        plain = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return json.dumps(
            {name: value for name, value in plain.items() if value}, default=str, ensure_ascii=False
        )

    @classmethod
    def from_json(cls, text: str) -> "Request":
        """The request that was written; raises InputError where it is not one of this version's."""
        try:
            plain = json.loads(text)
            days = {name: date.fromisoformat(plain[name]) for name in ("since", "until") if name in plain}
            lists = {name: tuple(plain[name]) for name in ("paths", "tables", "codes") if name in plain}
            request = cls(**(plain | days | lists))
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(
                f"{text!r} is no request that this version knows: ingest the source again"
            ) from error
        if request.source not in SOURCE_NAMES:
            raise InputError(f"source {request.source!r}: expected one of {', '.join(SOURCE_NAMES)}")
        return request
