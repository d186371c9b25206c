"""What a person would look at first when something is wrong: the machine, the packages, the store, what is due."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import polars as pl

from gangru import __version__
from gangru.errors import GangruError, TrainingError
from gangru.market.calendar import known_days
from gangru.study.editions.archive import months_issued
from gangru.study.fold_settings import due_in, members
from gangru.study.inputs import AHEAD
from gangru.study.provenance import PACKAGES, commit
from gangru.study.workspace import Workspace

State = Literal["ok", "note", "warning", "error"]
GIB = 2**30
EXTRAS = {
    "lightgbm": "lightgbm", "ray": "ray", "enhance": "cvxpy", "pdf": "weasyprint", "serve": "starlette",
    "sql": "duckdb", "tushare": "tushare", "baostock": "baostock", "akshare": "akshare",
}  # fmt: skip
LITTLE, TOO_LITTLE = (
    5 * GIB,
    GIB // 2,
)  # free space below which a run is warned of, and refused to be called healthy
OLD = timedelta(
    days=10
)  # longer than any closure of the exchange: newest bars older than that are worth a word


@dataclass(frozen=True)
class Finding:
    """One answer: what was looked at, how it is, what was found, and what to do about it."""

    what: str
    state: State
    said: str
    advice: str = ""


def examined(open_study: Callable[[], Workspace], today: date) -> list[Finding]:
    """Look at everything that can be looked at; nothing is written but a file that proves that one can be.

    `open_study` opens the study and may raise; then what needs one is left out and its error is a finding.
    """
    found = [*machine(), *packages()]
    try:
        workspace = open_study()
    except GangruError as error:
        return [*found, Finding("workspace", "error", str(error), "gangru init DIR, or -C DIR")]
    found += [
        device(workspace.settings.training.device),
        *places(workspace),
        *told("store", lambda: store(workspace, today)),
    ]
    if any(finding.what == "store" and finding.state == "error" for finding in found):
        return found
    return [
        *found,
        *told("calendar", lambda: calendar(workspace, today)),
        *told("trainings", lambda: trainings(workspace)),
        *told("editions", lambda: editions(workspace)),
    ]


def told(what: str, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """What a look finds; an error of ours is a finding too."""
    try:
        return list(look())
    except GangruError as error:
        return [Finding(what, "error", str(error))]


def machine() -> Iterator[Finding]:
    """The interpreter, the machine, and this package."""
    yield Finding("gangru", "ok", f"{__version__}, commit {commit() or 'unknown'}")
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    total = memory()
    said = f"{os.cpu_count()} cores" + (f", {total / GIB:.0f} GiB of memory" if total else "")
    small = total is not None and total < 6 * GIB
    yield Finding(
        "machine", "warning" if small else "ok", said, "a full-market training takes 5 GiB" if small else ""
    )


def memory() -> int | None:
    """Bytes of memory, None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def packages() -> Iterator[Finding]:
    """Versions of what numbers depend on, and which extras are there."""
    core = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    yield Finding("packages", "ok", core)
    there = [extra for extra, module in EXTRAS.items() if importlib.util.find_spec(module) is not None]
    lacking = [extra for extra in EXTRAS if extra not in there]
    yield Finding("extras", "ok", ", ".join(there) or "none")
    if lacking:
        yield Finding(
            "extras", "note", f"not installed: {', '.join(lacking)}", f"pip install 'gangru[{lacking[0]}]'"
        )


def device(name: str) -> Finding:
    """Whether the device that trains is there."""
    import torch

    from gangru.training.loop import device_of

    cards = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    there = ", ".join(cards) or "no GPU"
    if name == "cpu":
        return Finding(
            "device",
            "note" if cards else "ok",
            f"cpu ({there})",
            "--set training.device=cuda" if cards else "",
        )
    try:
        return Finding("device", "ok", f"{name}: {cards[device_of(name).index or 0]}")
    except TrainingError:
        said = f"training.device = {name!r}, but there is {there}"
        return Finding("device", "error", said, "--set training.device=cpu")


def places(workspace: Workspace) -> Iterator[Finding]:
    """Whether the workspace can be written, and how much is free."""
    root = workspace.root
    try:
        with tempfile.NamedTemporaryFile(dir=root, prefix=".gangru-doctor-"):
            pass
        yield Finding("workspace", "ok", f"{root.absolute()}, study {workspace.study}")
    except OSError as error:
        yield Finding(
            "workspace",
            "error",
            f"{root.absolute()} cannot be written: {error}",
            "chmod, or another directory",
        )
    free = shutil.disk_usage(root).free
    state: State = "error" if free < TOO_LITTLE else "warning" if free < LITTLE else "ok"
    advice = "free some, or move the workspace" if state != "ok" else ""
    yield Finding("free space", state, f"{free / GIB:.1f} GiB", advice)


def store(workspace: Workspace, today: date) -> Iterator[Finding]:
    """What is in the store, how old it is, and what waits in quarantine."""
    kept = workspace.store
    versions = {name: version for name, version in kept.versions().items() if version is not None}
    if "bars" not in versions:
        yield Finding("store", "error", f"{workspace.settings.data.store} has no bars", "gangru ingest PATH")
        return
    bars = kept.scan("bars").select(
        pl.len().alias("rows"), pl.col("date").min().alias("first"), pl.col("date").max().alias("last")
    )
    rows, first, last = bars.collect().row(0)
    listed = ", ".join(f"{name} at {version}" for name, version in versions.items())
    yield Finding("store", "ok", f"{rows:,} bars from {first} to {last}; {listed}")
    if today - last > OLD:
        yield Finding(
            "store", "warning", f"the newest bars are {(today - last).days} days old", "gangru update"
        )
    if workspace.settings.data.pins:
        yield Finding(
            "store",
            "note",
            f"pinned: {workspace.settings.data.pins}",
            "delete [data.pins] in study.toml to read the newest",
        )
    waiting = kept.read("quarantine").filter(~pl.col("released").fill_null(value=False)).height
    if waiting:
        yield Finding("quarantine", "note", f"{waiting:,} faulty rows wait", "gangru quarantine show")


def calendar(workspace: Workspace, today: date) -> Iterator[Finding]:
    """Whether trading days are known as far ahead as a monthly asks."""
    last = known_days(workspace.store, workspace.settings.data.calendar)[-1].item()
    ends = f"trading days are known to {last}"
    if last < today + AHEAD:
        yield Finding(
            "calendar",
            "warning",
            f"{ends}: later ones are taken as weekdays without known holidays",
            "ingest a calendar file",
        )
    else:
        yield Finding("calendar", "ok", ends)


def trainings(workspace: Workspace) -> Iterator[Finding]:
    """Which trainings are due, done and begun."""
    folders = {
        f"{fold.name}{member.name}": workspace.runs / fold.name / member.folder
        for fold in due_in(workspace)
        for member in members(workspace.settings)
    }
    names = list(folders)
    done = [name for name in names if (folders[name] / "DONE").exists()]
    begun = [name for name in names if name not in done and (folders[name] / "settings.toml").exists()]
    missing = [name for name in names if name not in done]
    said = f"{len(done)} of {len(names)} due trainings are done"
    if begun:
        said += f"; begun: {', '.join(begun)}"
    yield Finding(
        "trainings",
        "warning" if missing else "ok",
        said,
        f"gangru run trains {missing[0]} next" if missing else "",
    )


def editions(workspace: Workspace) -> Iterator[Finding]:
    """Which monthly was issued last, and whether the data know a later month."""
    issued = months_issued(workspace.reports)
    days = known_days(workspace.store, "data")
    months = np.unique(days.astype("datetime64[M]"))
    known = str(months[-2]) if len(months) > 1 else None  # over, and its return has a day after it
    newest = issued[-1] if issued else None
    if known is not None and (newest is None or newest < known):
        yield Finding(
            "editions", "note", f"last issued: {newest or 'none'}; the data know {known}", "gangru run"
        )
    else:
        yield Finding("editions", "ok", f"last issued: {newest or 'none'}")


def healthy(findings: list[Finding]) -> bool:
    """Whether nothing found is an error."""
    return not any(finding.state == "error" for finding in findings)
