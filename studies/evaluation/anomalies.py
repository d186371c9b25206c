"""Three known anomalies as factor tables: 20-day return, 20-day volatility, log of the 20-day mean amount.

anomalies.py WORKSPACE DIR writes a Parquet file of date, code, factor for each, at the month-ends of the workspace's
market, of the stocks that are eligible.
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl

from gangru.evaluation.anatomy.styles import style_matrices
from gangru.evaluation.months import closing_rows
from gangru.market.daily import carried
from gangru.study.inputs import load_inputs
from gangru.study.workspace import open_workspace

DAYS = 20


def main(workspace: Path, directory: Path) -> None:
    inputs = load_inputs(open_workspace(workspace))
    market, eligible = inputs.market, inputs.universe.eligible
    rows = closing_rows(market.dates)
    rows = rows[rows > DAYS]
    styles = style_matrices(market, rows)
    close = carried(market.adjusted("close"))
    volatility = np.stack(
        [(close[t - DAYS + 1 : t + 1] / close[t - DAYS : t] - 1).std(axis=0, ddof=1) for t in rows]
    )
    directory.mkdir(parents=True, exist_ok=True)
    factors = {
        "return_20d": styles["reversal"],
        "volatility_20d": volatility,
        "log_amount_20d": styles["liquidity"],
    }
    for name, values in factors.items():
        m, n = np.nonzero(eligible[rows] & np.isfinite(values))
        table = pl.DataFrame(
            {
                "date": market.dates[rows][m].astype("datetime64[D]"),
                "code": market.codes[n],
                "factor": values[m, n],
            }
        )
        table.write_parquet(directory / f"{name}.parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
