"""The figures of an edition: what makes it the same edition again, and where two differ.

They are its evaluation, `to_json`, without what is no figure of this study: sentences, names of companies, counts of
rows that were left out (they grow with the table), other factors. Layout, language and wording of the report are not
among them, nor is anything that the report says about other editions.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

from gangru.evaluation.document import Json, to_json
from gangru.evaluation.result import Evaluation

NO_FIGURES = frozenset({"schema_version", "data", "notes", "name", "correlations"})
LABELS = (
    "month", "date", "year", "industry", "decile", "group", "horizon_days", "lag", "seed", "style", "removed",
    "index", "label", "side", "reason", "account_yuan",
)  # fmt: skip
RELATIVE, ABSOLUTE = 1e-6, 1e-9  # the last bits of a sum depend on how many stocks stand beside
THERE, ABSENT = "listed", "not listed"


@dataclass(frozen=True)
class Difference:
    """One figure that is not what was issued; `where` leads to it, as ('series', '2020-01', 'rank_ic')."""

    where: tuple[str, ...]
    issued: Json
    now: Json

    def sentence(self) -> str:
        """As the terminal prints it."""
        return f"{' '.join(self.where)}: {shown(self.issued)} issued, {shown(self.now)} now"


def figures_of(evaluation: Evaluation) -> dict[str, Json]:
    """The figures of an evaluation; the stocks of its long list are among them."""
    return {key: only_figures(value) for key, value in to_json(evaluation).items() if key not in NO_FIGURES}


def only_figures(value: Json) -> Json:
    """The value without what is no figure, at any depth."""
    if isinstance(value, dict):
        return {key: only_figures(item) for key, item in value.items() if key not in NO_FIGURES}
    if isinstance(value, list):
        return [only_figures(item) for item in value]
    return value


def canonical(document: Json) -> bytes:
    """The one way in which a document is written down where its bytes are hashed."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode() + b"\n"


def sha256(content: bytes) -> str:
    """The SHA-256 of bytes, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def differences(issued: Json, now: Json) -> list[Difference]:
    """Every figure that was issued and is another now, or none; rounding in the last places is no difference.

    What is computed now and was not issued, as by a newer gangru, is none either. Rows go by their labels.
    """
    return list(walk(issued, now, ()))


def walk(issued: Json, now: Json, where: tuple[str, ...]) -> Iterator[Difference]:
    """The differences under one place."""
    if isinstance(issued, dict) and isinstance(now, dict):
        for key in (name for name in now if name in issued):  # in the evaluation's order: headline first
            yield from walk(issued[key], now[key], (*where, key))
        for key in (name for name in issued if name not in now):
            yield Difference((*where, key), whole(issued[key]), ABSENT)
    elif isinstance(issued, list) and isinstance(now, list):
        yield from walk_rows(by_label(issued), by_label(now), where)
    elif not same(issued, now):
        yield Difference(where, whole(issued), whole(now))


def walk_rows(issued: dict[str, Json], now: dict[str, Json], where: tuple[str, ...]) -> Iterator[Difference]:
    """The differences between two tables, row by row."""
    for label, row in issued.items():
        if label in now:
            yield from walk(row, now[label], (*where, label))
        else:
            yield Difference((*where, label), THERE, ABSENT)
    for label in now:
        if label not in issued:
            yield Difference((*where, label), ABSENT, THERE)


def by_label(rows: list[Json]) -> dict[str, Json]:
    """The rows of a table by what they are of: a stock, a month, an industry; else by their number from 1."""
    found: dict[str, Json] = {}
    for number, row in enumerate(rows, start=1):
        label = label_of(row) or str(number)
        found[f"{label} ({number})" if label in found else label] = row
    return found


def label_of(row: Json) -> str:
    """What a row is of, empty where nothing says so."""
    if not isinstance(row, dict):
        return ""
    if isinstance(code := row.get("code"), str):
        return code
    return " ".join(str(row[name]) for name in LABELS if isinstance(row.get(name), str | int | float))


def same(issued: Json, now: Json) -> bool:
    """Whether two values are the same but for rounding."""
    if is_number(issued) and is_number(now):
        return math.isclose(float(issued), float(now), rel_tol=RELATIVE, abs_tol=ABSOLUTE)  # type: ignore[arg-type]
    return type(issued) is type(now) and issued == now


def is_number(value: Json) -> bool:
    """Whether the value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole(value: Json) -> Json:
    """A value as a difference holds it: a table or an object as that it was there."""
    return THERE if isinstance(value, dict | list) else value


def shown(value: Json) -> str:
    """A value as the terminal prints it."""
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
