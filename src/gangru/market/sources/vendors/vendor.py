"""What every vendor's source has in common: kinds one after another, remarks, and the spool let go at the end."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from gangru.market.sources.protocol import OnProgress, Piece
from gangru.market.sources.vendors.asked import Asked
from gangru.market.sources.vendors.calls import NotGivenError
from gangru.market.sources.vendors.spool import Spool

Fetch = Callable[
    [OnProgress], Iterator[Piece]
]  # of one kind; tells the stage and the share of it that is done

ESSENTIAL = frozenset({"calendar", "bars"})  # without these a fetch of everything is none


@dataclass(frozen=True)
class Remarks:
    """What a person should hear of a fetch: decisions and limits, and what was passed over."""

    notes: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


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
        with self.session():
            for kind in self.asked.wanted(tuple(self.fetches), self.name):
                try:
                    yield from self.fetches[kind](on_progress)
                except NotGivenError as error:
                    if self.asked.kinds is not None or kind in ESSENTIAL:
                        raise
                    self.remarks.skipped.append(f"{kind}: {error}")

    def landed(self) -> None:
        """Let go of the fetched answers: they are in the store."""
        self.spool.clear()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided and what is known to be missing."""
        return tuple(dict.fromkeys(self.remarks.notes))

    @property
    def skipped(self) -> tuple[str, ...]:
        """What was passed over."""
        return tuple(dict.fromkeys(self.remarks.skipped))
