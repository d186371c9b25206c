"""The page, the PDF, the workbook and the JSON print the numbers of `gangru evaluate --json`, to the printed digit."""

import json
from copy import deepcopy

import pytest
from agreeing import Files, compared, read_back

from gangru.evaluation.document import to_json


@pytest.fixture(scope="module")
def document(evaluation) -> dict:
    return json.loads(json.dumps(to_json(evaluation)))


@pytest.fixture(scope="module", params=["en", "zh"])
def files(request, contents, printed) -> Files:
    return read_back(contents, request.param, printed(request.param))


def test_every_rendering_prints_the_numbers_of_the_evaluation(document, contents, files):
    counts = compared(document, contents, files)
    assert counts["html"] == counts["json"] == counts["xlsx"] == counts["pdf"]
    assert counts["html"] > 600
    assert {name for name in counts if name.startswith("table ")} >= {
        "table headline", "table months", "table yearly", "table industries", "table top", "table long_list",
    }  # fmt: skip
    assert counts["key figures"] >= 5
    assert counts["figure data"] >= 60


@pytest.mark.parametrize(
    ("part", "row", "key", "more"),
    [("headline", None, "icir", 0.01), ("series", 3, "rank_ic", 0.0001), ("picks", 5, "score", 0.01)],
)
def test_a_number_that_differs_in_its_last_printed_digit_is_found(
    document, contents, files, part, row, key, more
):
    wrong = deepcopy(document)
    holder = wrong[part] if row is None else wrong[part][row]
    holder[key] += more
    with pytest.raises(AssertionError):
        compared(wrong, contents, files)
