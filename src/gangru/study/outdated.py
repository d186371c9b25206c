"""Trained folds whose data were revised since: what is DONE serves on, but a person has to know."""

import json

from gangru.market.store import Store
from gangru.market.store_log import commits_of
from gangru.study.fold_settings import folds_of
from gangru.study.inputs import Inputs


def outdated(inputs: Inputs) -> list[str]:
    """A sentence for each trained fold that stands on rows which were changed or removed since, new rows apart."""
    from gangru.study.jobs import all_jobs  # loads torch, which to ask for revised rows does not need

    found = []
    store = inputs.workspace.store.unpinned()
    for job in all_jobs(inputs, folds_of(inputs)):
        if not job.done:
            continue
        then = json.loads((job.directory / "manifest.json").read_text("utf-8"))["data_versions"]
        revised = []
        for name, version in then.items():
            now = inputs.versions.get(name)
            if version is None or now is None:
                continue
            if rows := revised_rows(store, name, version, now):
                revised.append(f"{rows:,} rows of {name} since version {version}")
        if revised:
            found.append(
                f"{job.name} was trained on data that were revised later ({', '.join(revised)}): `gangru store pin "
                f"--from-run` reads what it was trained on, deleting {job.directory} trains it anew"
            )
    return found


def revised_rows(store: Store, name: str, then: int, now: int) -> int:
    """How many rows of a table were changed or removed from one version to a later one; new rows do not count."""
    if now <= then:
        return 0
    since = [one.change for one in commits_of(store, name, None) if then < one.version <= now]
    return sum(change.changed + change.removed for change in since if change is not None)
