"""One stock's window on a factor date: as the nets see it, and what the fold's generator makes of it.

Legend: N stocks, T days of a window, F features.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gangru.features.catalogue import Bars, features_of
from gangru.features.panel import Panel, finite
from gangru.features.windows import F32, across, scaled_days
from gangru.market.daily import Dates
from gangru.serve.cross_sections import CrossSection, with_last_closes
from gangru.serve.market import Market, sliced
from gangru.serve.studies import Study, stamp
from gangru.study.settings import StudySettings

if TYPE_CHECKING:
    from gangru.models.generator import Generator


@dataclass(frozen=True)
class StockWindow:
    """A scaled window, (F, T), its features and days, and the generated one where the study has a generator."""

    features: tuple[str, ...]
    days: Dates
    real_FT: F32
    generated_FT: F32 | None


def real_window(market: Market, settings: StudySettings, section: CrossSection, code: str) -> F32:
    """The stock's window on the date of the cross-section, (F, T): the same numbers that a run gathers."""
    first, last = market.row(section.days[0].item()), market.row(section.days[-1].item())
    own = sliced(market, market.facts.securities, first, last, code)
    own = with_last_closes(market, own, settings.features.window)
    features, count = features_of(settings.features), len(settings.features.names)
    nth = int(np.flatnonzero(section.codes == code)[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        bars = Bars(own, section.market_return)
        values = np.stack([finite(feature.compute(bars)) for feature in features[:count]], axis=2).astype(
            np.float32
        )
    values = np.concatenate([values, section.ranks_DNR[:, nth : nth + 1]], axis=2)
    panel = Panel(own.dates, own.codes, features, values, own.traded)
    x_NTF, _ = scaled_days(panel, len(own.dates) - 1, np.zeros(1, dtype=np.int64), settings.features)
    across(x_NTF, section.mean_TF, section.scale_TF)
    return np.ascontiguousarray(x_NTF[0].T)


def has_generator(settings: StudySettings) -> bool:
    """Whether the study's predictor reads what a generator makes."""
    return settings.features.generator != "none" and settings.predictor.kind != "reversal"


def generator_of(study: Study, fold: str) -> "Generator":
    """The generator of a trained fold's first seed. Raises CheckpointError where there is none that fits."""
    from gangru.training import checkpoint
    from gangru.training.gan import build_generator

    path = study.runs / fold / "generator.safetensors"

    def load() -> "Generator":
        settings = study.workspace.settings
        net = build_generator(len(settings.features.series), settings.gan)
        checkpoint.load_net(net, checkpoint.read_tensors(path)[0], path)
        return net.eval()

    net: Generator = study.memory.get(("generator", str(path), stamp(path)), load)
    return net


def generated_window(
    generator: "Generator", settings: StudySettings, section: CrossSection, code: str, real_FT: F32
) -> F32:
    """What the generator makes of one stock's window, (F, T); noise, if any, is the stock's own of that date's draw."""
    import torch

    from gangru.models.generator import latent
    from gangru.training.loop import noise_source

    noise = noise_source(settings.training.seed, int(section.days[-1].astype("datetime64[D]").astype(int)))
    n, number = int(np.flatnonzero(section.codes == code)[0]), len(section.codes)
    x_1TF = torch.from_numpy(np.ascontiguousarray(real_FT.T))[None]
    with torch.inference_mode():
        z = latent(x_1TF.expand(number, -1, -1), settings.gan.z, settings.gan.noise_channels, noise)
        made: F32 = generator(z[n : n + 1])[0].numpy()
    return np.ascontiguousarray(made.T)


def stock_window(market: Market, study: Study, section: CrossSection, code: str, fold: str) -> StockWindow:
    """The stock's window and, where the study has one, what the fold's generator makes of it.

    Raises CheckpointError where the generator cannot be read. The stock has to be one of the cross-section's.
    """
    settings = study.workspace.settings
    real = real_window(market, settings, section, code)
    made = None
    if has_generator(settings):
        made = generated_window(generator_of(study, fold), settings, section, code, real)
    return StockWindow(settings.features.series, section.days[-settings.features.window :], real, made)
