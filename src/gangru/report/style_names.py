"""What the styles of `gangru.evaluation.anatomy.styles` are called."""

from gangru.report.blocks import Text, text

STYLES: dict[str, Text] = {
    "all": text("all of them"),
    "size": text("size"),
    "momentum": text("momentum"),
    "reversal": text("reversal (past month's return)"),
    "volatility": text("volatility"),
    "turnover": text("turnover rate"),
    "liquidity": text("liquidity"),
    "value": text("value"),
}
