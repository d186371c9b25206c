"""The headline figures as the report names, prints and defines them; formulas as in `gangru.evaluation`."""

from dataclasses import dataclass

from gangru.report.blocks import Format, Text, text


@dataclass(frozen=True)
class Definition:
    """One headline figure: the field of `Headline`, its label, how it is printed, its meaning and formula."""

    key: str
    label: Text
    format: Format
    meaning: Text
    formula: str


IC_FIGURES: tuple[Definition, ...] = (
    Definition(
        "months",
        text("Return months"),
        "integer",
        text("Months whose return is known and in which enough stocks have both a factor and a return."),
        "M",
    ),
    Definition(
        "ic_mean",
        text("IC mean"),
        "percent",
        text(
            "Mean over the months of the correlation, across stocks, of the factor at the month-end t with "
            "the return from the close of t+1 to the close of the day after the next month-end."
        ),
        "IC = (1/M) · Σ ICₘ,  ICₘ = corr(fₜ, rₘ)",
    ),
    Definition(
        "icir",
        text("ICIR"),
        "ratio",
        text("Mean of the monthly ICs over their standard deviation; not annualised."),
        "mean(ICₘ) / std(ICₘ)",
    ),
    Definition(
        "ic_latest",
        text("Latest IC"),
        "percent",
        text("The IC of the last month with a known return."),
        "IC of m = M",
    ),
    Definition(
        "ic_1y",
        text("One-year IC mean"),
        "percent",
        text("Mean of the last 12 monthly ICs; not defined with fewer."),
        "(1/12) · Σ ICₘ,  m = M−11 … M",
    ),
    Definition(
        "ic_t",
        text("t of the IC mean"),
        "ratio",
        text("Newey–West t statistic of the mean IC: robust to ICs that depend on one another."),
        "IC / se,  lag = max(h−1, ⌊4(M/100)^(2/9)⌋),  h = 1",
    ),
    Definition(
        "ic_low",
        text("IC mean, interval from"),
        "percent",
        text("Lower end of the bootstrap interval of the mean IC: 95% unless the settings say otherwise."),
        "q₀.₀₂₅ of the resampled means",
    ),
    Definition(
        "ic_high",
        text("IC mean, interval to"),
        "percent",
        text("Upper end of the bootstrap interval of the mean IC: 95% unless the settings say otherwise."),
        "q₀.₉₇₅ of the resampled means",
    ),
    Definition(
        "ic_positive",
        text("Share of months with IC > 0"),
        "share",
        text("How often the factor ranked the stocks the right way round."),
        "#(ICₘ > 0) / M",
    ),
)

PORTFOLIO_FIGURES: tuple[Definition, ...] = (
    Definition(
        "annual_return",
        text("Annualised return"),
        "percent",
        text("Of the long portfolio's daily net value V over d trading days; 242 make a year."),
        "V^(242/d) − 1",
    ),
    Definition(
        "annual_volatility",
        text("Annualised volatility"),
        "percent",
        text("Standard deviation of the portfolio's daily returns, annualised."),
        "std(rᵈ) · √242",
    ),
    Definition(
        "return_over_volatility",
        text("Return / volatility"),
        "ratio",
        text("Annualised return over annualised volatility."),
        "R / σ",
    ),
    Definition(
        "information_ratio",
        text("Information ratio"),
        "ratio",
        text("Annualised excess return over the tracking error against the benchmark."),
        "(R − B) / (std(rᵈ − bᵈ) · √242)",
    ),
    Definition(
        "max_drawdown",
        text("Maximum drawdown"),
        "percent",
        text("Largest loss of the daily net value from an earlier peak, as a positive share of the peak."),
        "max(1 − Vₜ / max Vₛ),  s ≤ t",
    ),
    Definition(
        "annual_excess",
        text("Annualised excess return"),
        "percent",
        text("Difference of the annualised returns of the long portfolio and the benchmark."),
        "R − B",
    ),
    Definition(
        "annual_excess_ratio",
        text("Annualised excess return, ratio form"),
        "percent",
        text("The same as a ratio of growth factors."),
        "(1 + R) / (1 + B) − 1",
    ),
    Definition(
        "turnover",
        text("Turnover a month"),
        "ratio",
        text(
            "One-sided: half the sum of the absolute changes of weights against the drifted weights before "
            "the trade; the first purchase is left out; mean of the months."
        ),
        "½ · Σ |Δw|",
    ),
)

NET_KEYS: dict[str, str] = {
    "annual_return": "net_annual_return",
    "annual_volatility": "net_annual_volatility",
    "return_over_volatility": "net_return_over_volatility",
    "information_ratio": "net_information_ratio",
    "max_drawdown": "net_max_drawdown",
    "annual_excess": "net_annual_excess",
}

HEADLINE_FIGURES: tuple[Definition, ...] = IC_FIGURES + PORTFOLIO_FIGURES

OTHER_FIGURES: tuple[Definition, ...] = (
    Definition(
        "net",
        text("After costs"),
        "percent",
        text(
            "The same figures after stamp duty, commission and transfer fee, at the rates of the trade's day."
        ),
        "Vⁿᵉᵗ",
    ),
    Definition(
        "benchmark",
        text("Benchmark"),
        "percent",
        text("Equal weight of every eligible stock, renewed monthly, without costs."),
        "bₘ = mean(rₘ)",
    ),
    Definition(
        "industry_ic",
        text("Industry IC"),
        "fine",
        text("The rank IC among the stocks of one industry."),
        "corr(rank fₜ, rank rₘ) within the industry",
    ),
    Definition(
        "industry_excess",
        text("Industry long excess"),
        "percent",
        text("The industry's best stocks by factor over the equal weight of the industry."),
        "mean(r of the best) − mean(r)",
    ),
    Definition(
        "percentile",
        text("Percentile"),
        "percent",
        text("A stock's place among those ranked, from 0% the worst to 100% the best."),
        "(rank from below − 1) / (N − 1)",
    ),
)
