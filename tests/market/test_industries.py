"""The editions of the industry taxonomies, and names that do not belong to the one in force."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from gangru.market.industries import (
    ALIASES,
    CITIC_2019,
    CITIC_FIRST,
    EDITIONS,
    SW_2014,
    SW_2021,
    Edition,
    by_name,
    class_name,
    declared_name,
    foreign_names,
    industries,
    industry_name,
)
from gangru.market.schema import INDUSTRY


@pytest.mark.parametrize(
    ("edition", "classes"), [(SW_2014, 28), (SW_2021, 31), (CITIC_FIRST, 29), (CITIC_2019, 30)]
)
def test_each_edition_has_its_number_of_classes_each_named_once(edition: Edition, classes: int) -> None:
    own = industries(edition)
    assert len(own) == classes
    for part in ("code", "zh", "en"):
        assert len({getattr(one, part) for one in own}) == classes
    assert all(one.zh and not one.zh.isascii() and one.en.isascii() for one in own)


def test_an_edition_follows_the_other_without_gap_or_overlap() -> None:
    assert (SW_2014.first, SW_2014.end) == (date(2014, 2, 21), date(2021, 7, 30))
    assert (SW_2021.first, SW_2021.end) == (date(2021, 7, 30), None)
    assert (CITIC_FIRST.first, CITIC_FIRST.end) == (None, date(2019, 12, 2))
    assert (CITIC_2019.first, CITIC_2019.end) == (date(2019, 12, 2), None)


def test_a_class_keeps_its_code_when_it_is_renamed() -> None:
    """What the 2021 edition says of 2014's: five renamed, mining gone, four new."""
    old = {one.code: one.zh for one in industries(SW_2014)}
    new = {one.code: one.zh for one in industries(SW_2021)}
    renamed = {old[code]: new[code] for code in old.keys() & new.keys() if old[code] != new[code]}
    assert renamed == {
        "化工": "基础化工",
        "电气设备": "电力设备",
        "商业贸易": "商贸零售",
        "纺织服装": "纺织服饰",
        "休闲服务": "社会服务",
    }
    assert [old[code] for code in old.keys() - new.keys()] == ["采掘"]
    assert {new[code] for code in new.keys() - old.keys()} == {"煤炭", "石油石化", "环保", "美容护理"}


def test_names_are_given_in_a_language_and_unknown_ones_as_they_are() -> None:
    assert industry_name("sw", "银行", "en") == "Banks"
    assert industry_name("sw", "采掘", "en") == "Mining"
    assert industry_name("sw", "非银行金融", "zh") == "非银金融"
    assert industry_name("citic", "非银金融", "en") == "Non-bank Finance"
    assert industry_name("sw", "no such class", "en") == "no such class"
    assert industry_name("gics", "银行", "en") == "银行"


def test_classes_of_one_chinese_name_have_one_english_name_in_every_taxonomy() -> None:
    for edition in EDITIONS:
        for one in industries(edition):
            assert class_name(one.zh, "en") == one.en == industry_name(edition.taxonomy, one.zh, "en")
    assert class_name("Robots", "zh") == "Robots"
    assert len(by_name("sw")) == 28 + 9


def test_only_declared_spellings_are_made_equal_and_each_leads_to_a_class() -> None:
    assert declared_name("sw", "银行Ⅰ") == "银行Ⅰ"
    for taxonomy, aliases in ALIASES.items():
        names = {
            one.zh for edition in EDITIONS if edition.taxonomy == taxonomy for one in industries(edition)
        }
        assert set(aliases.values()) <= names
        assert not set(aliases) & names


def test_names_outside_the_edition_in_force_are_found_with_the_reason() -> None:
    rows = [
        ("a", date(2015, 1, 1), date(2021, 7, 30), "sw", "采掘"),
        ("b", date(2015, 1, 1), None, "sw", "采掘"),  # mining lasts past its edition
        (
            "b",
            date(2000, 1, 1),
            date(2014, 2, 21),
            "sw",
            "信息设备",
        ),  # before the first edition known: not judged
        ("c", date(2015, 1, 1), date(2021, 7, 30), "sw", "基础化工"),
        ("d", date(2022, 1, 1), None, "sw", "非银行金融"),
        ("e", date(2022, 1, 1), None, "sw", "Robots"),
        ("f", date(2018, 1, 1), None, "citic", "综合金融"),
        ("g", date(2018, 1, 1), None, "mine", "anything"),
    ]
    found = foreign_names(pl.DataFrame(rows, schema=INDUSTRY.columns, orient="row"))
    assert found.select("taxonomy", "edition", "industry", "stocks", "reason").rows() == [
        ("citic", "first", "综合金融", 1, "class of another edition"),
        ("sw", "2014", "基础化工", 1, "is called 化工 there"),
        ("sw", "2021", "Robots", 1, "in no edition"),
        ("sw", "2021", "采掘", 1, "class of another edition"),
        ("sw", "2021", "非银行金融", 1, "spelling of 非银金融"),
    ]
    assert foreign_names(pl.DataFrame(schema=INDUSTRY.columns)).is_empty()


@pytest.mark.real
def test_the_real_classes_are_the_editions_names_but_for_five_renamed_early(real_data: Path) -> None:
    raw = pl.read_csv(real_data / "industry_sw.csv", try_parse_dates=True).sort("code", "start_date")
    industry = raw.select(
        "code",
        start="start_date",
        end=pl.col("start_date").shift(-1).over("code"),
        taxonomy=pl.lit("sw"),
        industry="sw_l1",
    )
    found = foreign_names(industry)
    assert found["edition"].unique().to_list() == ["2014"]
    assert set(found["industry"]) == {"基础化工", "电力设备", "商贸零售", "纺织服饰", "社会服务"}
    assert found["reason"].str.contains("is called").all()
