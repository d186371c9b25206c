"""What every vendor's source has in common: kinds one after another, remarks, and the spool let go at the end."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import polars as pl

from gangru.market.codes import canonical_codes
from gangru.market.sources.protocol import OnProgress, Piece
from gangru.market.sources.vendors.asked import Asked
from gangru.market.sources.vendors.calls import NotGivenError, reason
from gangru.market.sources.vendors.patience import Patience
from gangru.market.sources.vendors.spool import Spool

Fetch = Callable[
    [OnProgress], Iterator[Piece]
]  # of one kind; tells the stage and the share of it that is done

AS_A_WHOLE = frozenset({"securities", "names", "st", "industry"})  # always fetched with all their past
ESSENTIAL = frozenset({"calendar", "bars"})  # without these a fetch of everything is none


@dataclass(frozen=True)
class Remarks:
    """What a person should hear of a fetch: decisions and limits, and what was passed over.

    `holes` are the kinds of which something that the vendor may have did not come: the codes as the vendor spells
    them, none for the whole kind.
    """

    notes: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    holes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def left_out(self, kind: str, patience: Patience) -> None:
        """Note the codes that failed, with the reasons; raises the first one where none came at all."""
        self.skipped.extend(patience.told())
        if patience.failed:
            self.holes[kind] = tuple(patience.failed)


@dataclass
class Vendor:
    """A vendor as a source: a fetch for each kind it has, in the order that an ingest needs.

    `session` is entered before the first call and left after the last one, also when the fetch fails.
    """

    name: str
    fetches: Mapping[str, Fetch]
    asked: Asked
    spool: Spool
    remarks: Remarks
    session: Callable[[], AbstractContextManager[object]] = nullcontext

    def __post_init__(self) -> None:
        """Raise InputError for a kind that the vendor does not have, before anything is fetched."""
        self.asked.wanted(tuple(self.fetches), self.name)

    def pieces(self, on_progress: OnProgress) -> Iterator[Piece]:
        """Yield the asked kinds piece by piece; raises InputError where a call fails for good.

        Where nobody named kinds, one that the vendor does not give to this account is passed over and told.
        """
        with self.spool.held(), self.session():
            for kind in self.asked.wanted(tuple(self.fetches), self.name):
                try:
                    yield from self.fetches[kind](on_progress)
                except NotGivenError as error:
                    if self.asked.kinds is not None or kind in ESSENTIAL:
                        raise
                    self.remarks.skipped.append(f"{kind}: {reason(error)}")
                    if kind not in AS_A_WHOLE:
                        self.remarks.holes[kind] = ()

    def landed(self) -> None:
        """Let go of the fetched answers: they are in the store."""
        self.spool.let_go()

    @property
    def whole(self) -> bool:
        """Whether all came that was asked for and that the vendor has, after the last piece."""
        return not self.remarks.holes

    def _missing(self, kind: str, codes: tuple[str, ...]) -> str:
        """A hole, and the command that fills it."""
        span, named = self.asked.span, codes or self.asked.codes or ()
        spelled = ",".join(canonical_codes(pl.Series(named, dtype=pl.String)).drop_nulls())
        options = {
            "--codes": spelled if kind != "index" else "",
            "--since": span.since,
            "--until": span.until,
        }
        rest = "".join(f" {name} {value}" for name, value in options.items() if value)
        return (
            f"{kind} are not whole, so the next update asks again for all days since the last whole fetch; this "
            f"fetches what is missing: gangru ingest {self.name} --tables {kind}{rest}"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided and what is known to be missing."""
        return tuple(dict.fromkeys(self.remarks.notes))

    @property
    def skipped(self) -> tuple[str, ...]:
        """What was passed over."""
        holes = (self._missing(kind, codes) for kind, codes in self.remarks.holes.items())
        return tuple(dict.fromkeys([*self.remarks.skipped, *holes]))
