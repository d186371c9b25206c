"""What is made of Tushare's facts: names, ST, suspensions, industries of both editions, members; by hand and by slow loops."""

import itertools
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tushare_opened import Open, opener, pieces
from tushare_server import FIRST, LAST, RECENT, Server, market, row, spelled, weekdays

from gangru.market.sources.protocol import Span
from gangru.market.sources.vendors.tushare_facts import ST_NAME, months, numbered

CODE, OTHER = "600848.SH", "000001.SZ"


@pytest.fixture
def server() -> Server:
    return Server(market())


@pytest.fixture
def opened(server: Server, tmp_path: Path) -> Open:
    return opener(server, tmp_path / "spool")


def named(
    name: str, start: str | None, end: str | None, announced: str | None = None, code: str = CODE
) -> dict[str, Any]:
    return row("namechange", ts_code=code, name=name, start_date=start, end_date=end, ann_date=announced)


def test_a_name_holds_from_its_first_day_to_the_day_before_the_next(opened: Open, server: Server) -> None:
    server.tables["namechange"] = [
        named("上海临港", "20151118", None),
        named("自仪股份", "20070514", "20151117"),
        named("ST自仪", "20061026", "20070513"),
        named("SST自仪", "20061009", "20061025"),
        named("ST自仪", "20010508", "20061008"),
        named("自仪股份", "19940324", "20010507"),
        named("退市某某", "20100104", "20100301", code=OTHER),
    ]
    (names,) = pieces(opened("names"))
    assert names.frame.rows() == [
        (OTHER, date(2010, 1, 4), date(2010, 3, 2), "退市某某"),
        (CODE, date(1994, 3, 24), date(2001, 5, 8), "自仪股份"),
        (CODE, date(2001, 5, 8), date(2006, 10, 9), "ST自仪"),
        (CODE, date(2006, 10, 9), date(2006, 10, 26), "SST自仪"),
        (CODE, date(2006, 10, 26), date(2007, 5, 14), "ST自仪"),
        (CODE, date(2007, 5, 14), date(2015, 11, 18), "自仪股份"),
        (CODE, date(2015, 11, 18), None, "上海临港"),
    ]
    (special,) = pieces(opened("st"))
    assert special.frame.columns == ["code", "start", "end"]
    assert special.frame["start"].to_list() == [date(2001, 5, 8), date(2006, 10, 9), date(2006, 10, 26)]
    assert names.ends == special.ends == "exclusive"


def test_of_two_names_from_one_day_the_one_announced_later_stands(opened: Open, server: Server) -> None:
    server.tables["namechange"] = [
        named("乙", "20100104", None, "20100103"),
        named("甲", "20100104", None, "20091201"),
        named("乙", "20100104", None, "20100103"),
        named("丙", None, None),
    ]
    source = opened("names")
    assert pieces(source)[0].frame.rows() == [(CODE, date(2010, 1, 4), None, "乙")]
    assert source.notes == (
        "tushare names: 1 without a first day left out",
        "tushare names: 1 superseded",
    )


@pytest.mark.parametrize(
    ("name", "special"),
    [
        ("ST自仪", True),
        ("*ST天山", True),
        ("SST自仪", True),
        ("S*ST聚友", True),
        ("GST国农", True),
        ("G*ST某", True),
        ("退市刚泰", False),
        ("平安银行", False),
        ("S深发展A", False),
        ("上海STAR", False),
        ("某某退", False),
    ],
)
def test_special_treatment_is_told_by_the_name(name: str, special: bool) -> None:
    assert pl.select(pl.lit(name).str.contains(ST_NAME)).item() is special


def halted(code: str, day: date, kind: str = "S", hours: str | None = None) -> dict[str, Any]:
    return row("suspend_d", ts_code=code, trade_date=spelled(day), suspend_type=kind, suspend_timing=hours)


def test_suspended_days_are_joined_over_weekends_and_end_on_the_next_trading_day(
    opened: Open, server: Server
) -> None:
    server.tables["suspend_d"] = [
        halted(CODE, date(2020, 1, 2)),
        halted(CODE, date(2020, 1, 3)),  # a Friday
        halted(CODE, date(2020, 1, 6)),
        halted(CODE, date(2020, 1, 7), "R"),
        halted(CODE, date(2020, 1, 9)),
        halted(OTHER, date(2020, 1, 3), hours="09:30-10:00"),
        halted(OTHER, date(2019, 12, 31)),
    ]
    source = opened("suspensions")
    (piece,) = pieces(source)
    assert piece.frame.rows() == [
        (OTHER, date(2019, 12, 31), date(2020, 1, 1)),
        (CODE, date(2020, 1, 2), date(2020, 1, 7)),
        (CODE, date(2020, 1, 9), date(2020, 1, 10)),
    ]
    assert source.notes == ()


def test_a_resumption_that_no_suspension_came_before_is_told(opened: Open, server: Server) -> None:
    server.tables["suspend_d"] = [halted(CODE, date(2020, 1, 2)), halted(CODE, date(2020, 1, 7), "R")]
    source = opened("suspensions")
    pieces(source)
    assert source.notes == ("tushare suspensions: 1 of 1 resumptions without a suspension the day before",)


@settings(max_examples=20, deadline=None)
@given(
    stopped=st.sets(
        st.tuples(st.sampled_from([CODE, OTHER]), st.sampled_from(weekdays(FIRST, LAST))), min_size=1
    )
)
def test_suspensions_cover_exactly_the_recorded_days(
    tmp_path_factory: pytest.TempPathFactory, stopped: set[tuple[str, date]]
) -> None:
    server = Server(market(RECENT))
    server.tables["suspend_d"] = [halted(code, day) for code, day in stopped]
    (piece,) = pieces(opener(server, tmp_path_factory.mktemp("spool"))("suspensions"))
    for code in (CODE, OTHER):
        spells = [(start, end) for other, start, end in piece.frame.iter_rows() if other == code]
        for day in weekdays(FIRST, LAST):
            assert any(start <= day < end for start, end in spells) == ((code, day) in stopped)
        assert all(end < following for (_, end), (following, _) in itertools.pairwise(spells))


def stay(
    endpoint: str, industry: str, start: str | None, end: str | None = None, code: str = CODE
) -> dict[str, Any]:
    new = {"in_date": start, "out_date": end, "is_new": "N" if end else "Y"}
    if endpoint == "index_member":
        return row(endpoint, index_code=f"{industry}.SI", con_code=code, **new)
    return row(endpoint, l1_name=industry, ts_code=code, **new)


def editions(server: Server, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    names = {str(line["index_code"]) for line in old}
    server.tables["index_classify"] = [
        row("index_classify", index_code=name, industry_name=name[:-3], level="L1", src="SW2014")
        for name in sorted(names)
    ]
    server.tables["index_member"] = old
    server.tables["index_member_all"] = new


def test_each_edition_of_shenwan_counts_while_it_was_in_force(opened: Open, server: Server) -> None:
    editions(
        server,
        [stay("index_member", "采掘", "20100104"), stay("index_member", "银行", "20211201", code=OTHER)],
        [
            stay("index_member_all", "煤炭", "20100104"),
            stay("index_member_all", "钢铁", "20150105", "20200106", OTHER),
        ],
    )
    source = opened("industry")
    shenwan, citic = pieces(source)
    assert shenwan.frame.rows() == [
        (CODE, date(2010, 1, 4), date(2021, 7, 30), "采掘"),
        (CODE, date(2021, 7, 30), None, "煤炭"),
    ]
    assert (shenwan.taxonomy, citic.taxonomy) == ("sw", "citic")


def test_without_the_older_edition_earlier_days_have_no_class(opened: Open, server: Server) -> None:
    editions(server, [], [stay("index_member_all", "煤炭", "20100104")])
    source = opened("industry")
    assert pieces(source)[0].frame.rows() == [(CODE, date(2021, 7, 30), None, "煤炭")]
    assert source.skipped == ("industries of Shenwan before 2021-07-30: the vendor gave none",)


@pytest.mark.parametrize(
    ("out", "following", "end"),
    [
        ("20220107", "20220107", date(2022, 1, 7)),  # the day of the change is given twice
        ("20220107", "20220110", date(2022, 1, 10)),  # the last day, a Friday, and the first, a Monday
        ("20220107", "20220401", date(2022, 1, 7)),  # out of any class for a while
        ("20220107", None, date(2022, 1, 7)),
        ("20220107", "20220104", date(2022, 1, 7)),  # an overlap is left to be refused
    ],
)
def test_a_stay_lasts_until_the_next_one_begins(
    opened: Open, server: Server, out: str, following: str | None, end: date
) -> None:
    editions(server, [], [stay("index_member_all", "煤炭", "20210802", out)])
    if following:
        server.tables["index_member_all"].append(stay("index_member_all", "钢铁", following))
    first = pieces(opened("industry"))[0].frame.row(0)
    assert first == (CODE, date(2021, 8, 2), end, "煤炭")


def test_classes_of_citic_are_as_the_vendor_has_them(opened: Open, server: Server) -> None:
    editions(server, [], [stay("index_member_all", "煤炭", "20210802")])
    server.tables["ci_index_member"] = [
        stay("ci_index_member", "煤炭", "20030102", "20191129"),
        stay("ci_index_member", "综合金融", "20191202"),
        stay("ci_index_member", "银行", None, code=OTHER),
    ]
    source = opened("industry")
    assert pieces(source)[1].frame.rows() == [
        (CODE, date(2003, 1, 2), date(2019, 12, 2), "煤炭"),
        (CODE, date(2019, 12, 2), None, "综合金融"),
    ]
    assert "tushare industries: 1 stays without a first day left out" in source.notes


def listed(day: str, *codes: str, index: str = "000300.SH") -> list[dict[str, Any]]:
    return [row("index_weight", index_code=index, con_code=code, trade_date=day) for code in codes]


def test_members_are_runs_of_lists(opened: Open, server: Server) -> None:
    server.tables["index_weight"] = [
        *listed("20191031", "A", "B", "C"),
        *listed("20191129", "A", "B", "D"),
        *listed("20191231", "A", "C", "D"),
    ]
    (piece,) = pieces(opened("members"))
    assert piece.frame.rows() == [
        ("000300.SH", "A", date(2019, 10, 31), None),
        ("000300.SH", "B", date(2019, 10, 31), date(2019, 12, 31)),
        ("000300.SH", "C", date(2019, 10, 31), date(2019, 11, 29)),
        ("000300.SH", "C", date(2019, 12, 31), None),
        ("000300.SH", "D", date(2019, 11, 29), None),
    ]


def test_a_list_that_is_not_whole_makes_nobody_leave(opened: Open, server: Server) -> None:
    names = [f"{number:06}.SZ" for number in range(20)]
    days = ["20190830", "20190930", "20191031", "20191129", "20191231"]
    server.tables["index_weight"] = [
        line for day in days for line in listed(day, *names[: 5 if day == "20191031" else 20])
    ]
    source = opened("members")
    (piece,) = pieces(source)
    assert piece.frame["end"].null_count() == len(piece.frame) == 20
    assert source.skipped == (
        "members of 000300.SH: 1 lists much shorter than usual, the first of 2019-10-31",
    )


def test_a_growing_index_keeps_its_first_lists(opened: Open, server: Server) -> None:
    names = [f"{number:06}.SZ" for number in range(60)]
    days = [spelled(date(2019, 1, 31) + timedelta(days=28 * number)) for number in range(11)]
    server.tables["index_weight"] = [
        line for number, day in enumerate(days) for line in listed(day, *names[: 30 + 2 * number])
    ]
    source = opened("members")
    assert pieces(source)[0].frame["start"].min() == date(2019, 1, 31)
    assert source.skipped == ()


def test_the_csi_300_is_asked_for_under_its_other_code(opened: Open, server: Server) -> None:
    server.tables["index_weight"] = listed("20191231", "A", index="399300.SZ")
    assert pieces(opened("members"))[0].frame.rows() == [("000300.SH", "A", date(2019, 12, 31), None)]


def test_the_delisted_are_among_the_securities(opened: Open) -> None:
    (piece,) = pieces(opened("securities"))
    gone = piece.frame.filter(code="600001.SH").row(0, named=True)
    assert gone == {
        "code": "600001.SH",
        "name": "股票600001",
        "list_date": "20100104",
        "delist_date": "20200106",
    }
    assert len(piece.frame) == 5


def test_facts_of_some_codes_are_of_these_alone(opened: Open, server: Server) -> None:
    server.tables["namechange"] = [named("甲", "20100104", None), named("乙", "20100104", None, code=OTHER)]
    found = pieces(opened("names", "securities", codes=(OTHER,)))
    assert [piece.frame["code"].to_list() for piece in found] == [[OTHER], [OTHER]]


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), date(2030, 1, 1)), st.integers(-3, 900))
def test_months_cover_every_day_once(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    parts = months(first, last)
    days = [start + timedelta(days=n) for start, end in parts for n in range((end - start).days + 1)]
    assert days == [first + timedelta(days=n) for n in range(length + 1)]
    assert all((start.year, start.month) == (end.year, end.month) for start, end in parts)


def test_days_are_numbered_in_order() -> None:
    days = [date(2020, 1, 2), date(2020, 1, 3)]
    assert_frame_equal(numbered(days), pl.DataFrame({"date": days, "day": [0, 1]}))
    assert numbered([]).schema == {"date": pl.Date, "day": pl.Int64}


def test_no_settled_day_means_no_suspensions(opened: Open) -> None:
    assert pieces(opened("suspensions", span=Span(date(2020, 1, 13)))) == []
