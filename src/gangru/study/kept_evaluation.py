"""The whole evaluation that `gangru evaluate` made, kept for the monthly of the same month.

It is kept with a digest of all that it was made of: the versions of the data, the factor, the settings, code, packages
and processor. Where any of them is another one now, nothing is kept. Nor is it where an execution rule of the user's
own fills the orders: what such an object does has no digest.
"""

import hashlib
import json
from typing import TYPE_CHECKING

import polars as pl

from gangru.atomic import write_bytes
from gangru.evaluation.months import unpriced_month
from gangru.evaluation.packing import packed, unpacked
from gangru.evaluation.result import Evaluation
from gangru.study.editions.made_of import factor_hash
from gangru.study.inputs import Inputs
from gangru.study.provenance import package_versions, processor, source_digest
from gangru.study.settings import plain_settings

if TYPE_CHECKING:
    from gangru.study.factor_table import FactorTable

FILE = "evaluation.kept"
DIGEST = 64  # bytes at the beginning of the file


def keep_evaluation(inputs: Inputs, factor: "FactorTable", evaluation: Evaluation) -> None:
    """Keep the whole evaluation of the study's factor up to the last month that is known."""
    if inputs.workspace.extensions.execution is None:
        write_bytes(inputs.workspace.runs / FILE, made_of(inputs, factor).encode() + packed(evaluation))


def kept_evaluation(inputs: Inputs, factor: "FactorTable", month: str | None) -> Evaluation | None:
    """What evaluating the factor wholly up to a month would give, where that is kept; else None.

    None asks for the last month that is known. An evaluation that is asked for a month by name does not remark on the
    one after it.
    """
    path = inputs.workspace.runs / FILE
    if inputs.workspace.extensions.execution is not None or not path.exists():
        return None
    content = path.read_bytes()
    if content[:DIGEST] != made_of(inputs, factor).encode():
        return None
    try:
        evaluation = unpacked(content[DIGEST:])
    except ValueError:
        return None
    if month is None:
        return evaluation
    remarked = unpriced_month(inputs.market.dates, inputs.calendar) is not None
    return evaluation if month == evaluation.last_month and not remarked else None


def made_of(inputs: Inputs, factor: "FactorTable") -> str:
    """SHA-256 of all that an evaluation of the study's factor is made of, in hexadecimals."""
    workspace, table = inputs.workspace, factor.table
    values = [table, table.select("date", "code", factor="pret")]
    if factor.seeds is not None:
        by_seed = pl.concat_str("code", pl.lit(" "), "seed")
        values.append(factor.seeds.select("date", "factor", code=by_seed))
        values.append(factor.seeds.select("date", code=by_seed, factor="pret"))
    parts = {
        "study": workspace.study,
        "settings": plain_settings(workspace.settings),
        "data": inputs.versions,
        "last day": str(inputs.market.dates[-1]),
        "factor": [factor_hash(one) for one in values],
        "source": source_digest(),
        "packages": package_versions(),
        "processor": processor(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
