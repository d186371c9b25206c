"""Which dates of a factor need not be made again: those that would be made of the very same things.

Every date is written with a digest of all that it is made of: code, packages and machine, settings, the nets' files,
the panel's rows in its window, who is eligible and what the factor is neutralised by. A date whose digest is the one
written before would come out as the same bytes; any other is made anew. Nothing after the date enters its digest.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gangru.factor.reversal import REACH
from gangru.market.daily import Codes
from gangru.study.editions.made_of import WEIGHTS
from gangru.study.factor_table import FRAMES, RECORD, file_digests
from gangru.study.inputs import Inputs
from gangru.study.predicting import ServingFold
from gangru.study.provenance import package_versions, processor, source_digest
from gangru.training.hardware import hardware

Digests = dict[str, str]


@dataclass(frozen=True)
class DateRows:
    """One date's rows of the factor, of what was dropped, and of each seed's own factor where there are several."""

    table: pl.DataFrame
    drops: pl.DataFrame
    seeds: pl.DataFrame | None = None


def kept_dates(runs: Path, digests: Digests, *, seeds: bool) -> dict[str, DateRows]:
    """What stays of the factor in a study's run directory: the dates whose digest is the one written with them.

    Nothing stays where a file is missing, or is not the one that the digests were written with.
    """
    record = read_record(runs / RECORD)
    then = record.get("dates", {})
    same = [date for date, digest in digests.items() if then.get(date) == digest]
    names = FRAMES if seeds else FRAMES[:2]
    if not same or record.get("files") != file_digests(runs, names):
        return {}
    frames = [by_date(runs / name) for name in names]
    return {date: DateRows(*(parts[date] for parts in frames)) for date in same}


def read_record(path: Path) -> dict[str, Any]:
    """What was written with the factor; nothing where there is none, or it is no record."""
    try:
        record = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return record if isinstance(record, dict) else {}


def by_date(path: Path) -> dict[str, pl.DataFrame]:
    """A table's rows of each of its dates, in the order of the file."""
    parts = pl.read_parquet(path).partition_by("date", as_dict=True, maintain_order=True)
    return {str(date): part for (date,), part in parts.items()}


def date_digests(inputs: Inputs, served: Sequence[tuple[ServingFold, int]], recipe: object) -> Digests:
    """Date → digest of all that its factor is made of; `served` are the folds with the rows that they predict.

    `recipe` are the settings, and may be anything that JSON can hold. A date's digest sees bars up to it alone.
    """
    device = inputs.workspace.settings.training.device
    common = digest_of(json.dumps([recipe, making(), on_device(device)], sort_keys=True).encode())
    reach = max(inputs.workspace.settings.features.window, REACH)
    days = day_digests(inputs, {day for _, row in served for day in range(max(row - reach + 1, 0), row + 1)})
    nets = {one.fold.name: net_digest(one) for one, _ in served}
    codes = fixed_codes(inputs.market.codes)
    found = {}
    for one, row in served:
        window = [days[day] for day in range(max(row - reach + 1, 0), row + 1)]
        parts = [common, nets[one.fold.name], *window, *cross_section(inputs, row, codes)]
        found[str(inputs.market.dates[row])] = digest_of(*parts).hex()
    return found


@cache
def making() -> dict[str, Any]:
    """What decides on the last bit of a number beside its inputs: code, packages, processor and threads."""
    import torch

    return {
        "source": source_digest(),
        "packages": package_versions(("lightgbm",)),
        "hardware": hardware(torch.get_num_threads()),
        "processor": processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }


def on_device(name: str) -> str:
    """The device that predicts: the model of a card, whose libraries round in their own way, or cpu."""
    import torch

    device = torch.device(name)
    return torch.cuda.get_device_name(device) if device.type == "cuda" else name


def day_digests(inputs: Inputs, rows: Iterable[int]) -> dict[int, bytes]:
    """Row → digest of the panel on the day: who traded, and every feature of theirs, in the order of codes.

    A stock that did not trade leaves no trace, so that another one listed later changes no day before.
    """
    panel, codes = inputs.panel, fixed_codes(inputs.market.codes)
    found = {}
    for row in rows:
        traded = panel.traded[row]
        found[row] = digest_of(
            str(panel.dates[row]).encode(), codes[traded].tobytes(), panel.values[row][traded]
        )
    return found


def cross_section(inputs: Inputs, row: int, codes: Codes) -> list[bytes]:
    """Who is eligible on the day at `row`, how many are not, and what the eligible are neutralised by."""
    eligible = inputs.universe.eligible[row]
    excluded = {reason: int(per_day[row]) for reason, per_day in inputs.universe.excluded.items()}
    exposures = inputs.exposures
    return [
        codes[eligible].tobytes(),
        json.dumps(excluded).encode(),
        exposures.industry[row][eligible].tobytes(),
        exposures.value[row][eligible].tobytes(),
    ]


def net_digest(serving: ServingFold) -> bytes:
    """The fold and the files of what it learned, of every seed and kind in order."""
    fold = serving.fold
    parts = [f"{fold.name} {fold.trained_on}".encode()]
    for (kind, seed), directory in serving.directories.items():
        found = [path for name in WEIGHTS if (path := directory / name).exists()]
        parts += [f"{kind} {seed} {path.name}".encode() + digest_of(path.read_bytes()) for path in found]
    return digest_of(*parts)


def fixed_codes(codes: Codes) -> Codes:
    """Codes of a width of their own, whatever the longest of them."""
    return codes.astype("S16")


def digest_of(*parts: bytes | NDArray[Any]) -> bytes:
    """SHA-256 of parts, each preceded by its length, so that no two lists of parts look alike."""
    digest = hashlib.sha256()
    for part in parts:
        content = np.ascontiguousarray(part).data if isinstance(part, np.ndarray) else memoryview(part)
        digest.update(content.nbytes.to_bytes(8, "little"))
        digest.update(content)
    return digest.digest()
