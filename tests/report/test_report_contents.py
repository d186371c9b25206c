"""What the monthly says: sentences, tables and reasons, from made-up evaluations."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from made_up_edition import (
    HOSTILE,
    empty_evaluation,
    make_contents,
    make_evaluation,
    make_fold,
    make_headline,
    make_provenance,
)

from gangru.errors import ReportError
from gangru.evaluation.outcome import Outcome
from gangru.report.blocks import Callout, Contents, Diagram, Figure, Prose, Row, Table, Text, percent
from gangru.report.contents import AblationRecord, MarketFacts
from gangru.report.languages import language
from gangru.report.render.html import render_html
from gangru.report.render.json import render_json
from gangru.report.render.xlsx import render_xlsx
from gangru.report.settings import ReportSettings
from gangru.report.verdict import judged_money, judged_month, judged_year

EN = language("en")


def table(contents: Contents, key: str) -> Table:
    return next(t for t in contents.tables() if t.key == key)


def callouts(contents: Contents, section: str) -> list[str]:
    blocks = next(s for s in contents.sections if s.key == section).blocks
    return [EN.words(words) for b in blocks if isinstance(b, Callout) for words in b.sentences]


def with_last_month(rank_ic: float | None, excess: float | None):
    whole = make_evaluation()
    last = pl.col("month") == whole.last_month
    series = whole.series.with_columns(
        rank_ic=pl.when(last).then(pl.lit(rank_ic, pl.Float64)).otherwise("rank_ic"),
        excess_return=pl.when(last).then(pl.lit(excess, pl.Float64)).otherwise("excess_return"),
    )
    return replace(whole, series=series)


@pytest.mark.parametrize(
    ("ic", "excess", "tone", "words"),
    [
        (-0.05, -0.02, "bad", "bad month"),
        (-0.05, 0.02, "bad", "bad month for the ranking"),
        (0.05, -0.02, "warning", "mixed month"),
        (0.04, 0.02, "warning", "weak month"),
        (0.08, 0.02, "note", "ordinary month"),
        (0.20, 0.02, "good", "good month"),
        (-0.05, None, "bad", "bad month"),
        (None, None, "note", "is not known"),
        (float("nan"), 0.01, "note", "is not known"),
    ],
)
def test_the_verdict_calls_the_month_what_it_was(ic, excess, tone, words):
    verdict = make_contents(with_last_month(ic, excess)).verdict
    sentence = EN.words(verdict.sentences[0])
    assert verdict.tone == tone
    assert words in sentence
    assert "July 2020" in sentence
    assert len(verdict.sentences) == 3


def test_the_verdict_writes_the_figures_of_the_month():
    sentence = EN.words(make_contents(with_last_month(-0.0512, -0.0234)).verdict.sentences[0])
    assert "−5.12%" in sentence
    assert "−2.34%" in sentence


def test_the_month_is_judged_at_its_thresholds():
    assert judged_month(0.0, 0.0, 0.1) == "weak"
    assert judged_month(0.05, 0.0, 0.1) == "ordinary"
    assert judged_month(0.1, 0.0, 0.1) == "good"
    assert judged_month(0.1, 0.0, None) == "good"


def test_the_year_is_judged_beside_the_whole_record():
    assert judged_year(0, None, None) == "unknown"
    assert judged_year(11, None, 0.1) == "short"
    assert judged_year(24, -0.01, 0.1) == "against"
    assert judged_year(24, 0.04, 0.1) == "faded"
    assert judged_year(24, 0.06, 0.1) == "below"
    assert judged_year(24, 0.1, 0.1) == "held"


def test_costs_that_eat_the_gain_are_named():
    assert judged_money(None, None, None) == "unknown"
    assert judged_money(0.1, None, 3.0) == "gross"
    assert judged_money(-0.1, -0.12, 3.0) == "lost"
    assert judged_money(0.01, -0.01, 3.0) == "eaten"
    assert judged_money(0.1, 0.08, 1.9) == "chance"
    assert judged_money(0.1, 0.08, -2.5) == "negative"
    assert judged_money(0.1, 0.08, 2.5) == "clear"


def test_every_headline_figure_of_the_evaluation_stands_in_the_headline_table(contents, evaluation):
    rows = {EN.words(row[0]): row for row in table(contents, "headline").rows}
    assert rows["IC mean"][1:] == (0.1011, 0.0808, 0.1212, 0.1111)
    shown = [value for row in rows.values() for value in row[1:]]
    for key in [
        "months",
        "ic_mean",
        "icir",
        "ic_latest",
        "ic_1y",
        "annual_return",
        "annual_volatility",
        "return_over_volatility",
        "information_ratio",
        "max_drawdown",
        "turnover",
        "annual_excess",
        "annual_excess_ratio",
        "ic_t",
        "ic_low",
        "ic_high",
        "ic_positive",
    ]:
        assert getattr(evaluation.headline, key) in shown, key


def test_the_costs_table_holds_the_net_figures_and_their_difference(contents):
    rows = {EN.words(row[0]): row[1:] for row in table(contents, "costs").rows}
    gross, net, difference = rows["Annualised return"]
    assert (gross, net) == (0.2121, 0.1919)
    assert difference == pytest.approx(-0.0202)


def test_the_periods_table_means_the_last_twelve_months_alone(contents, evaluation):
    row = next(
        r for r in table(contents, "periods").rows if EN.words(r[0]) == "Long portfolio, monthly return"
    )
    returns = evaluation.series["long_return"].to_list()
    assert row[1] == pytest.approx(returns[-1])
    assert row[2] == pytest.approx(sum(returns[-12:]) / 12)
    assert row[3] == pytest.approx(sum(returns) / 18)


def test_a_record_shorter_than_a_year_has_no_past_year():
    rows = table(make_contents(make_evaluation(months=5)), "periods").rows
    assert all(row[2] is None for row in rows)
    assert rows[0][1] is not None


def test_small_industries_do_not_lead_the_tables_of_the_best(contents):
    top = table(contents, "top_ic_month")
    assert [row[0] for row in top.rows] == [f"Industry {x}" for x in "ABCDE"]
    assert any("few stocks" in EN.words(note) for note in top.notes)
    assert table(contents, "industries").rows[0][0] == "Tiny"


def test_the_four_tables_of_industries_hold_as_many_as_asked():
    contents = make_contents(settings=ReportSettings(top_industries=3))
    for column in ("ic_month", "ic_year", "excess_month", "excess_year"):
        values = [row[2] for row in table(contents, f"top_{column}").rows]
        assert len(values) == 3
        assert values == sorted(values, reverse=True)


def test_the_industries_that_lost_are_counted(contents):
    blocks = next(s for s in contents.sections if s.key == "industries").blocks
    assert "6 of 14 industries this month" in EN.words(blocks[0].sentences[0])
    assert "1 of 13" in EN.words(blocks[0].sentences[0])


def test_each_industrys_first_is_its_best_rank(contents, evaluation):
    named = evaluation.picks.filter(pl.col("industry").is_not_null())
    expected = dict(named.group_by("industry").agg(pl.col("rank").min()).iter_rows())
    assert {row[3]: row[0] for row in table(contents, "firsts").rows} == expected


def test_the_long_list_is_whole_unless_cut_by_the_setting(evaluation):
    assert len(table(make_contents(evaluation), "long_list").rows) == 40
    cut = make_contents(evaluation, settings=ReportSettings(long_list=7, top_picks=3, first_picks=5))
    assert len(table(cut, "long_list").rows) == 7
    assert [row[0] for row in table(cut, "first_picks").rows] == [1, 2, 3]
    assert [row[0] for row in table(cut, "top").rows] == [1, 2, 3, 4, 5]


def test_exhibits_are_numbered_from_one_without_a_gap(contents):
    numbers = [table.exhibit for table in contents.front]
    for section in contents.sections:
        for block in section.blocks:
            if isinstance(block, Row):
                numbers += [t.exhibit for t in block.tables]
            elif isinstance(block, Table | Figure | Diagram):
                numbers.append(block.exhibit)
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 20


def test_the_running_sum_ends_at_the_sum_of_the_ics(contents, evaluation):
    blocks = next(s for s in contents.sections if s.key == "performance").blocks
    data = next(b for b in blocks if isinstance(b, Figure) and b.key == "ic").data
    assert data["cumulative"][-1] == pytest.approx(evaluation.series["rank_ic"].sum())


def test_a_first_edition_says_why_each_part_is_empty():
    contents = make_contents(empty_evaluation(), month="2019-02", folds=[])
    empties = [EN.words(t.empty) for t in contents.tables() if t.empty is not None]
    figures = [b for s in contents.sections for b in s.blocks if isinstance(b, Figure)]
    assert figures
    assert all(f.empty is not None for f in figures)
    assert any("no return month" in words for words in empties)
    for section in ("industries", "picks", "training"):
        assert callouts(contents, section)[0].startswith("Empty")
    assert "is not known" in EN.words(contents.verdict.sentences[0])


def test_a_winning_discriminator_is_called_a_failure():
    contents = make_contents(folds=[make_fold(2018), make_fold(2019, d_loss=0.04)])
    warnings = callouts(contents, "training")
    assert any("31 December 2019: the discriminator won; its loss is 0.04" in w for w in warnings)
    assert not any("2018: the discriminator won" in w for w in warnings)


def test_a_collapsed_gan_is_called_so():
    warnings = callouts(make_contents(folds=[make_fold(collapsed=True)]), "training")
    assert any("collapsed" in w for w in warnings)


def test_a_healthy_gan_is_said_to_be_near_one_half():
    (sentence,) = callouts(make_contents(folds=[make_fold(d_loss=1.35)]), "training")
    assert "near one half" in sentence


def test_a_scrambling_generator_is_named():
    fold = make_fold()
    fold = replace(fold, gan_curves=fold.gan_curves.with_columns(correlation=pl.lit(0.05)))
    assert any("correlate by 0.05" in w for w in callouts(make_contents(folds=[fold]), "training"))


def test_a_plain_gru_has_no_gan_warning_and_says_that_there_is_none():
    contents = make_contents(folds=[make_fold(gan=False)], provenance=make_provenance("none"))
    assert callouts(contents, "training") == []
    blocks = next(s for s in contents.sections if s.key == "training").blocks
    gan = next(b for b in blocks if isinstance(b, Figure) and b.kind == "gan")
    assert EN.words(gan.empty) == "Empty: this study trains no GAN."
    assert EN.words(contents.subtitle) == "The GRU factor in July 2020"


@pytest.mark.parametrize(
    ("kind", "says"), [("lightgbm", "Gradient-boosted"), ("reversal", "Nothing is trained")]
)
def test_a_predictor_that_is_no_gru_is_not_called_one(kind, says):
    plain = make_provenance("gan" if kind == "reversal" else "none")
    contents = make_contents(
        folds=[make_fold(gan=False)],
        provenance=replace(plain, settings=plain.settings | {"predictor": {"kind": kind}}),
    )
    (words,) = (s.blocks for s in contents.sections if s.key == "model")
    sentences = [
        EN.words(sentence) for block in words if isinstance(block, Prose) for sentence in block.sentences
    ]
    assert any(sentence.startswith(says) for sentence in sentences)
    assert not any("GRU" in sentence for sentence in sentences)
    assert EN.words(contents.subtitle) == "The factor in July 2020"


def test_the_newest_training_is_drawn_whatever_the_order():
    contents = make_contents(folds=[make_fold(2019), make_fold(2018)])
    figure = next(b for s in contents.sections for b in s.blocks if isinstance(b, Figure) and b.kind == "gan")
    assert "2019" in EN.words(figure.caption)
    assert [row[0] for row in table(contents, "folds").rows] == [date(2019, 12, 31), date(2018, 12, 31)]


def test_a_simulated_market_is_said_to_be_one_with_the_share_reached():
    banner = make_contents(simulated={"best_ic": 0.2}).banner
    words = [EN.words(s) for s in banner.sentences]
    assert "simulated" in words[0]
    assert "20.00%" in words[1]
    assert "which is 51% of it" in words[1]  # 0.1011 / 0.2
    given = make_contents(simulated={"best_ic": 0.2, "ratio": 0.75}).banner
    assert "reaches 75% of what" in EN.words(given.sentences[1])
    unknown = make_contents(simulated={"best_ic": 0.2, "ratio": None}).banner
    assert "reaches – of what" in EN.words(unknown.sentences[1])
    assert make_contents().banner is None


def test_a_market_without_signal_is_called_noise():
    banner = make_contents(simulated={"best_ic": 0.0}).banner
    assert "noise" in EN.words(banner.sentences[1])


def test_settings_that_differ_are_marked_with_their_default(contents):
    changed = table(contents, "changed")
    assert changed.rows == (("training", "stocks_per_date", "600", "0"),)
    whole = table(contents, "settings")
    assert [whole.rows[i][1] for i in whole.marked] == ["stocks_per_date"]
    assert len(whole.rows) == 6


def test_other_studies_stand_beside_this_one(contents):
    rows = {EN.words(row[0]): row[1:] for row in table(contents, "comparison").rows}
    assert rows["IC mean"] == (0.1011, 0.0606)


def test_drops_and_notes_are_handed_on(contents):
    rows = [
        tuple(EN.quantity(c) if isinstance(c, Text) else c for c in r) for r in table(contents, "drops").rows
    ]
    assert rows == [("universe", "ST", 1234), ("label", "no trade on t+1", 56)]
    blocks = next(s for s in contents.sections if s.key == "data").blocks
    said = [EN.words(sentence) for sentence in blocks[-1].sentences]
    assert said[0] == "ic_1y: a made-up note"
    assert said[-1] == "Amounts are estimates in this made-up market."
    assert "neither book value nor earnings" in said[1]


@pytest.mark.parametrize("month", ["2020-13", "2020-7", "July 2020", "../2020-07"])
def test_a_month_that_is_none_is_refused(month):
    with pytest.raises(ReportError, match="expected YYYY-MM"):
        make_contents(month=month)


def test_an_edition_must_not_know_a_later_month():
    with pytest.raises(ReportError, match="must not know 2020-07"):
        make_contents(month="2020-06")


def test_the_next_month_whose_return_is_not_known_can_be_reported():
    assert "August 2020 is not known" in EN.words(make_contents(month="2020-08").verdict.sentences[0])


def test_undefined_headline_figures_do_not_stop_the_report():
    whole = make_evaluation()
    bare = replace(
        whole, headline=make_headline(icir=None, annual_excess=None, ic_t=None, ic_mean=float("nan"))
    )
    contents = make_contents(bare)
    assert table(contents, "headline").has_undefined
    assert EN.words(contents.verdict.sentences[2]) == "The long portfolio has no record yet."


def test_the_first_page_stands_beside_the_edition_before(evaluation):
    before = make_evaluation(months=17)
    shown = table(make_contents(evaluation, previous=before), "periods")
    assert [c.key for c in shown.columns][4:] == ["previous_month", "previous_year", "previous_all"]
    row = shown.rows[0]
    ics = evaluation.series["rank_ic"].to_list()
    assert row[1:] == pytest.approx(
        (ics[-1], np.mean(ics[-12:]), np.mean(ics), ics[-2], np.mean(ics[-13:-1]), np.mean(ics[:-1]))
    )
    alone = table(make_contents(evaluation), "periods")
    assert len(alone.columns) == 4
    assert any("no edition before" in EN.words(note) for note in alone.notes)


def test_the_twelve_month_mean_begins_with_the_twelfth_month_that_has_an_ic(evaluation):
    holed = replace(
        evaluation,
        series=evaluation.series.with_columns(
            rank_ic=pl.when(pl.col("month") == "2019-05").then(None).otherwise(pl.col("rank_ic"))
        ),
    )
    figure = next(f for f in make_contents(holed).figures() if f.key == "ic")
    known = figure.data.drop_nulls("mean_12m")
    assert known["month"][0] == "2020-02"
    ics = [v for v in holed.series["rank_ic"].to_list() if v is not None]
    assert known["mean_12m"][0] == pytest.approx(np.mean(ics[:12]))


def test_last_months_picks_are_scored(contents, evaluation):
    assert [r[0] for r in table(contents, "last_best").rows] == [
        1,
        2,
        3,
        4,
        6,
    ]  # the fifth could not be bought
    assert table(contents, "last_worst").rows[0][0] == 30
    assert len(table(contents, "last_picks").rows) == 30
    sentences = [
        EN.words(s)
        for section in contents.sections
        for b in section.blocks
        if isinstance(b, Prose)
        for s in b.sentences
    ]
    o = evaluation.last_picks_outcome
    (told,) = (s for s in sentences if s.startswith("The list of 30 stocks made for July 2020"))
    assert EN.quantity(percent(o.mean_return)) in told
    assert "of the 29 that could be bought" in told


def test_the_worst_falls_are_shaded_and_listed(contents, evaluation):
    figure = next(f for f in contents.figures() if f.key == "net_value")
    falls = evaluation.trading.drawdowns
    assert figure.spans["start"].to_list() == falls["start"].to_list()
    assert figure.spans["end"].null_count() == 0
    assert [r[3] for r in table(contents, "drawdowns").rows] == falls["depth"].to_list()


@pytest.mark.parametrize(
    ("portfolio", "said", "listed"),
    [
        ({}, "Long: equal weight of the top 10% of the factor, rebalanced monthly.", "The long list: the top 10%"),
        ({"stocks": 30}, "Long: equal weight of the best 30 stocks, rebalanced monthly.", "The long list: the best 30 stocks"),
        ({"stocks": 30, "weighting": "score"}, "Long: the best 30 stocks, weighted by the factor, rebalanced monthly.", "The long list: the best 30 stocks"),
        ({"fraction": 0.2, "weighting": "score"}, "Long: the top 20% of the factor, weighted by it, rebalanced monthly.", "The long list: the top 20%"),
        ({"hold_until": 0.3}, "A stock that is held stays while it is among the top 30%.", "The long list: the top 10%"),
        ({"industry_neutral": True}, "Each industry is chosen from by itself and weighs what it weighs in the universe.", "The long list: the top 10%"),
        ({"benchmark": "000300.SH"}, "Benchmark: the index that the settings name.", "The long list: the top 10%"),
    ],
)  # fmt: skip
def test_who_is_held_and_listed_is_told_by_the_settings(portfolio, said, listed):
    plain = make_provenance()
    made = make_contents(provenance=replace(plain, settings=plain.settings | {"portfolio": portfolio}))
    figure = next(f for f in made.figures() if f.key == "net_value")
    assert said in [EN.words(note) for note in figure.notes]
    assert EN.words(table(made, "long_list").caption) == listed


def test_every_figure_of_the_accounts_is_that_of_the_evaluation(contents, evaluation):
    rows = {EN.words(r[0]): r[1:] for r in table(contents, "accounts").rows}
    t = evaluation.trading
    assert rows["Sortino ratio"] == (
        t.gross.sortino,
        t.net.sortino,
        t.benchmark.sortino,
        t.long_short.sortino,
    )
    assert rows["Tracking error"] == (t.gross.tracking_error, t.net.tracking_error, None, None)


def test_what_is_left_without_styles_is_told_in_a_sentence(contents, evaluation):
    row = evaluation.anatomy.purified.row(by_predicate=pl.col("removed") == "all", named=True)
    prose = next(s for s in contents.sections if s.key == "exposures").blocks[0]
    told = EN.words(prose.sentences[1])
    assert EN.quantity(percent(row["rank_ic"])) in told
    assert EN.quantity(percent(row["rank_ic_before"])) in told


@pytest.mark.parametrize(
    ("value", "words"), [(-0.54, "past month's return"), (0.1, "on no style by more than")]
)
def test_a_lean_on_a_style_is_named(evaluation, value, words):
    styles = pl.DataFrame(
        {"style": ["size", "reversal"], "rank_correlation": [0.02, value], "t": [1.0, 2.0], "months": [18, 18],
         "top_z": [0.0, 0.0], "coverage": [1.0, 1.0]}
    )  # fmt: skip
    leaning = replace(evaluation, anatomy=replace(evaluation.anatomy, exposures=styles))
    prose = next(s for s in make_contents(leaning).sections if s.key == "exposures").blocks[0]
    assert words in EN.words(prose.sentences[0])


def test_without_anatomy_and_trading_the_sections_say_so(evaluation):
    bare = make_contents(replace(evaluation, anatomy=None, trading=None))
    assert any("did not take the factor apart" in words for words in callouts(bare, "exposures"))
    assert any("did not look at the portfolio's trading" in words for words in callouts(bare, "trading"))


def test_the_data_behind_the_edition_are_counted(evaluation):
    facts = MarketFacts(
        coverage=pl.DataFrame(
            {"year": [2019], "days": [244], "stocks": [3600], "bars": [800_000], "no_vwap": [0.01],
             "no_shares": [0.02], "st_unknown": [0.0]}
        ),
        universe=pl.DataFrame(
            {"reason": ["ST", "newly listed", "kept, with gaps in the window filled"], "count": [120, 0, 7]}
        ),
        quarantine=pl.DataFrame({"kind": ["bars"], "reason": ["high < low"], "rows": [3]}),
        counted_on=date(2020, 7, 31),
        eligible=3400,
        scored=3390,
    )  # fmt: skip
    shown = make_contents(evaluation, facts=facts)
    assert table(shown, "coverage").rows == (("2019", 244, 3600, 800_000, 0.01, 0.02, 0.0),)
    assert [r[1] for r in table(shown, "universe").rows] == [120]
    assert "3,400" in EN.words(table(shown, "universe").notes[0])
    assert "7 with gaps" in EN.words(table(shown, "universe").notes[0])
    assert table(shown, "quarantine").rows == (("bars", "high < low", 3),)
    clean = make_contents(evaluation, facts=replace(facts, quarantine=facts.quarantine.clear()))
    assert EN.words(table(clean, "quarantine").empty) == "The quarantine is empty."


def test_an_ablation_stands_beside_the_headline(evaluation):
    record = AblationRecord(
        pl.DataFrame(
            {"variant": ["gru", HOSTILE], "seeds": [2, 1], "rank_ic": [0.077, 0.05], "spread": [0.005, None],
             "raw": [0.08, 0.05], "icir": [1.1, 0.8], "t": [6.0, 4.0], "excess": [0.1, 0.05], "collapsed": [0, 3]}
        ),
        "2019-02",
        "2020-07",
    )  # fmt: skip
    shown = table(make_contents(evaluation, ablation=record), "ablation")
    assert [r[0] for r in shown.rows] == ["gru", HOSTILE]
    assert "February 2019" in EN.words(shown.notes[0])


def test_the_industries_heatmap_leaves_small_months_white(contents, evaluation):
    few = evaluation.industry_months.with_columns(
        n=pl.when(pl.col("industry") == "Industry A").then(4).otherwise(pl.col("n"))
    )
    figure = next(
        f
        for f in make_contents(replace(evaluation, industry_months=few)).figures()
        if f.key == "industry_months"
    )
    assert "Industry A" not in figure.data["row"].to_list()
    assert figure.data["column"].n_unique() == 18


def test_the_calendar_has_every_month_and_each_years_own(contents, evaluation):
    shown = table(contents, "excess_by_month")
    monthly, yearly = evaluation.trading.monthly, evaluation.trading.yearly
    cells = {
        (row[0], c.key): v for row in shown.rows for c, v in zip(shown.columns[1:], row[1:], strict=True)
    }
    for month, value in monthly.select("month", "long_net_excess").iter_rows():
        assert cells[month[:4], month[5:]] == value
    for year, value in yearly.select("year", "long_net_excess").iter_rows():
        assert cells[str(year), "total"] == value
    assert sum(value is not None for value in cells.values()) == len(monthly) + len(yearly)


def test_what_the_data_lack_is_said_where_it_would_stand(evaluation):
    bare = replace(
        evaluation,
        industries=evaluation.industries.clear(),
        industry_months=evaluation.industry_months.clear(),
        industries_lost=None,
        industries_lost_1y=None,
        picks=evaluation.picks.with_columns(industry=pl.lit(None, dtype=pl.String), listed_days=pl.lit(None)),
        last_picks=evaluation.last_picks.clear(),
        last_picks_outcome=Outcome(),
        anatomy=replace(evaluation.anatomy, by_index=evaluation.anatomy.by_index.clear()),
    )
    shown = make_contents(bare, folds=[make_fold(gan=False)])
    assert any("no industry intervals" in words for words in callouts(shown, "industries"))
    assert EN.words(table(shown, "by_index").empty) == "Empty: the store has no index members."
    assert "no stock of this date has an industry" in EN.words(table(shown, "firsts").empty)
    picks = next(s for s in shown.sections if s.key == "picks")
    said = [EN.words(s) for b in picks.blocks if isinstance(b, Prose) for s in b.sentences]
    assert any("there was no list at the end of the month before" in words for words in said)
    assert EN.words(next(f for f in shown.figures() if f.key == "gan").empty).startswith("Empty: ")
    for tag in ("en", "zh"):
        assert render_html(shown, tag, static_charts=False)
        assert render_xlsx(shown, tag)
        assert render_json(shown, tag)
