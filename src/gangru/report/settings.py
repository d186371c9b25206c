"""The settings of the report: section [report] of study.toml."""

from dataclasses import dataclass
from typing import Literal

from gangru.settings import Settings, setting


@dataclass(frozen=True)
class ReportSettings(Settings):
    """What the monthly shows and in which language and formats it is written."""

    title: str = setting("", "Title of the monthly; empty: Machine-learning factor stock selection.")
    publisher: str = setting("", "Who publishes it, printed above the title; empty: nothing.")
    language: Literal["en", "zh", "both"] = setting(
        "en", "Language of the text: English, Simplified Chinese, or both, Chinese first."
    )
    top_picks: int = setting(10, "Stocks on the first page: the first of all.", unit="stocks", ge=1)
    first_picks: int = setting(
        20, "Stocks in the table of the first of all among the picks.", unit="stocks", ge=1
    )
    top_industries: int = setting(5, "Industries in each of the four tables of the best.", ge=1)
    long_list: int = setting(0, "Rows shown of the long list; 0 shows all.", unit="stocks", ge=0)
    static_charts: bool = setting(
        default=True,
        doc="Also embed each chart as a still picture, for print and for readers without scripts.",
    )
    formats: tuple[str, ...] = setting(
        ("html", "json", "xlsx"),
        "Formats that `gangru report` writes: any of html, json, xlsx, pdf; pdf needs pip install 'gangru[pdf]'.",
    )
