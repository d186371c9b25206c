"""Which chart a figure is, and its still picture."""

from collections.abc import Callable, Mapping
from functools import cache

from gangru.report.blocks import ChartKind, Figure
from gangru.report.charts import performance, training
from gangru.report.charts.theme import READER, Spec
from gangru.report.languages import Language

DRAWINGS: Mapping[ChartKind, Callable[[Figure, Language], list[Spec]]] = {
    "ic": performance.ic_bars,
    "net_value": performance.net_value,
    "deciles": performance.decile_bars,
    "decay": performance.ic_decay,
    "predictor": training.predictor_curves,
    "gan": training.gan_health,
}
SNIPPET = "window.vega = vega; window.vegaLite = vegaLite; window.vegaEmbed = vegaEmbed;"


def chart_specs(figure: Figure, language: Language) -> list[Spec]:
    """The Vega-Lite specifications of a figure, one a panel; none for an empty one."""
    return [] if figure.empty is not None else DRAWINGS[figure.kind](figure, language)


def still_svg(spec: Spec, width: int) -> str:
    """The chart as an SVG of a fixed width in pixels, drawn without a browser and without the network."""
    import vl_convert

    still = {key: value for key, value in spec.items() if key != "params"} | {"width": width}
    if "layer" in still:
        still["layer"] = [layer for layer in still["layer"] if layer.get("name") != READER]
    return str(vl_convert.vegalite_to_svg(still, allowed_base_urls=[]))


@cache
def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script to be embedded once, safe inside a script element."""
    import vl_convert

    return str(vl_convert.javascript_bundle(SNIPPET)).replace("</script", "<\\/script")
