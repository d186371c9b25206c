"""Which chart a figure is, and its still picture."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from gangru.report.blocks import ChartKind, Figure
from gangru.report.charts import heatmap, performance, trading, training, windows
from gangru.report.charts.theme import CONFIG, INK, READER, Spec
from gangru.report.languages import Language

DRAWINGS: Mapping[ChartKind, Callable[[Figure, Language], list[Spec]]] = {
    "ic": performance.ic_bars,
    "net_value": performance.net_value,
    "deciles": performance.decile_bars,
    "decay": performance.ic_decay,
    "heatmap": heatmap.heatmap,
    "capacity": trading.capacity_curve,
    "exposures": trading.style_bars,
    "predictor": training.predictor_curves,
    "gan": training.gan_health,
    "windows": windows.window_strips,
}
SNIPPET = "window.vega = vega; window.vegaLite = vegaLite; window.vegaEmbed = vegaEmbed;"


def chart_specs(figure: Figure, language: Language) -> list[Spec]:
    """The Vega-Lite specifications of a figure, one a panel; none for an empty one.

    A whole specification is checked against Vega-Lite's schema; its parts are not checked once more each.
    """
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):
        return [] if figure.empty is not None else DRAWINGS[figure.kind](figure, language)


def still_svg(spec: Spec, width: int) -> str:
    """The chart as an SVG of a fixed width in pixels, drawn without a browser and without the network."""
    import vl_convert

    still = without_reader(spec)
    if "concat" not in still:
        still["width"] = width
    return str(vl_convert.vegalite_to_svg(still, allowed_base_urls=[]))


def without_reader(spec: Spec) -> Spec:
    """The chart without what answers to a pointer."""
    still = {key: value for key, value in spec.items() if key != "params"}
    if "layer" in still:
        still["layer"] = [layer for layer in still["layer"] if layer.get("name") != READER]
    return still


def sheet_svg(specs: Sequence[Spec], title: str, *, columns: int, width: int) -> str:
    """All panels of a figure on one white sheet under a title, `columns` beside each other, as SVG."""
    panels: list[Spec] = []
    datasets: Spec = {}
    for spec in specs:
        datasets |= spec.get("datasets", {})
        whole = ("$schema", "config", "autosize", "usermeta", "datasets")
        still = without_reader(spec)
        panels.append({key: value for key, value in still.items() if key not in whole} | {"width": width})
    sheet = {
        "$schema": specs[0]["$schema"],
        "config": dict(CONFIG) | {"background": "white", "padding": 16},
        "title": {"text": title, "anchor": "start", "fontSize": 15, "color": INK, "offset": 14},
        "datasets": datasets,
        "concat": panels,
        "columns": columns,
        "spacing": 22,
        "resolve": {"scale": {"color": "independent"}},
    }
    return still_svg(sheet, width)


@cache
def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script to be embedded once, safe inside a script element."""
    import vl_convert

    return str(vl_convert.javascript_bundle(SNIPPET)).replace("</script", "<\\/script")
