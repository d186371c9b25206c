"""The known limits of the real data are found by looking at them."""

import resource
import time
from pathlib import Path

import pytest

from gangru.market.check.check import check
from gangru.market.check.document import document
from gangru.market.ingest import ingest
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store


@pytest.mark.real
@pytest.mark.full
def test_the_known_limits_of_the_real_data_are_among_the_findings(real_data: Path, tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    ingest(real_data, store, DataSettings())
    started = time.process_time()
    report = check(store, lambda _stage, _share: None)
    seconds = time.process_time() - started
    found = {one["rule"]: one for one in document(report)["findings"]}

    def broken(rule: str) -> int:
        count = found[rule]["count"]
        assert isinstance(count, int)
        return count

    # survivors, and leavers whose prices are adjusted and whose shares are missing
    assert broken("survivorship") >= 4
    assert "2024" in found["survivorship"]["detail"]
    assert broken("ended-early") >= 218
    assert broken("leavers-adjusted") >= 140
    assert broken("securities-unknown") == 223
    assert broken("shares-missing") > 200_000
    # no Beijing, no CITIC, names of one day
    assert "no beijing" in found["boards-absent"]["detail"]
    assert "no citic" in found["taxonomies-absent"]["detail"]
    assert broken("names-undated") > 5_000
    # amounts observed to 2022, seven in ten after; ST inferred after 2020; shares carried
    years = {row["year"]: row for row in document(report)["coverage"]}
    assert all(years[year]["amount observed"] > 0.999 for year in range(2017, 2023))
    assert all(0.65 < years[year]["amount observed"] < 0.76 for year in (2023, 2024, 2025))
    assert all(years[year]["is_st observed"] < 0.35 for year in range(2021, 2026))
    assert broken("shares-carried") > 1_000_000
    # the code that changed, and price indices
    assert "300114.SZ and 302132.SZ" in found["codes-not-linked"]["detail"]
    assert broken("index-basis") == 18
    assert broken("intervals-merged") > 50_000
    # what the description does not say
    assert broken("amounts-of-another-stock") == 5
    assert broken("close-beyond-limit") < 0.000_05 * report.rows
    assert seconds < 120
    assert (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 6 * 2**20
    )  # KiB; the ingest before it is in it
