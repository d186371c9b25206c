"""What Qlib itself sees in a directory, or writes as one: run by an interpreter that has pyqlib, not by ours.

`peer_qlib.py read ROOT OUT` writes calendars, instruments and features below OUT as CSV. `peer_qlib.py write ROOT IN` makes a
directory of IN/days.csv and IN/bars.csv (instrument, day, and fields that are as Qlib keeps them) by Qlib's own storage.
"""

import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import qlib
from qlib.data import D
from qlib.data.storage.file_storage import FileCalendarStorage, FileFeatureStorage

FIELDS = (
    "$open", "$high", "$low", "$close", "$volume", "$amount", "$vwap", "$change", "$factor", "$float_shares", "$is_st",
    "$suspended", "Ref($close, 1)", "Mean($close, 5)", "$close / $factor",
)  # fmt: skip


def read(out: Path) -> None:
    """Write all that Qlib's own interface gives."""
    out.mkdir()
    for name, future in (("days", False), ("days_ahead", True)):
        pd.Series(D.calendar(freq="day", future=future), name="day").to_csv(out / f"{name}.csv", index=False)
    for path in sorted((Path(qlib.config.C.dpm.get_data_uri("day")) / "instruments").glob("*.txt")):
        spans = D.list_instruments(D.instruments(path.stem), freq="day")
        rows = [(code, start, end) for code, parts in spans.items() for start, end in parts]
        table = pd.DataFrame(rows, columns=["instrument", "start", "end"])
        table.sort_values(["instrument", "start"]).to_csv(out / f"instruments_{path.stem}.csv", index=False)
    folders = sorted((Path(qlib.config.C.dpm.get_data_uri("day")) / "features").iterdir())
    features = D.features([folder.name.upper() for folder in folders], list(FIELDS), freq="day")
    features.columns = [name.replace(" ", "") for name in FIELDS]
    features.astype(np.float64).to_csv(out / "features.csv")


def write(root: Path, source: Path) -> None:
    """Make a directory by Qlib's own storage classes."""
    days = pd.read_csv(source / "days.csv")["day"]
    for name in ("calendars", "instruments", "features"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "calendars" / "day.txt").touch()
    FileCalendarStorage(freq="day", future=False).extend(days.to_numpy())
    position = {day: i for i, day in enumerate(days)}
    spans = []
    for code, rows in pd.read_csv(source / "bars.csv").groupby("instrument"):
        (root / "features" / code.lower()).mkdir()
        index = rows["day"].map(position)
        dense = rows.set_index(index).reindex(range(index.min(), index.max() + 1))
        for field in rows.columns.drop(["instrument", "day"]):
            storage = FileFeatureStorage(instrument=code, field=field, freq="day")
            storage.write(dense[field].to_numpy(), index=int(index.min()))
        spans.append("\t".join([code, rows["day"].min(), rows["day"].max()]))
    # Not by FileInstrumentStorage: in 0.9.7 it writes the code behind the days, and cannot read that itself.
    np.savetxt(root / "instruments" / "all.txt", spans, fmt="%s", encoding="utf-8")


if __name__ == "__main__":
    verb, where, other = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    (where / "calendars").mkdir(parents=True, exist_ok=True)
    qlib.init(
        provider_uri=str(where),
        region="cn",
        kernels=1,
        expression_cache=None,
        dataset_cache=None,
        logging_level=logging.ERROR,
    )
    if verb == "read":
        read(other)
    else:
        write(where, other)
