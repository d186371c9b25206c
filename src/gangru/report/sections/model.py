"""The model in brief: what is read, what is trained on what, and the drawing of it."""

from gangru.report.blocks import Block, Diagram, Prose, Section, Text, Words, integer, text
from gangru.report.inputs import Material
from gangru.report.sections.model_tables import feature_table, training_table

WINDOWS: dict[str, Text] = {
    "gan": text(
        "A generative adversarial network learns the windows: an LSTM generator G transforms a real window "
        "into a window of the same shape, a convolutional discriminator D, used in training alone, tries to "
        "tell the two apart. The predictor reads what the generator puts out."
    ),
    "none": text("No generator is used in this study: the predictor reads the real windows."),
    "untrained": text("An ablation: the predictor reads windows out of a generator that was never trained."),
    "ae": text(
        "An ablation: the predictor reads windows out of the same generator, trained to reconstruct them."
    ),
}

TREES = text(
    "Gradient-boosted trees turn each window, flattened, into one number, pRet. Their target is the return of the next "
    "20 trading days, standardised across the stocks of a date."
)
REVERSAL = text(
    "Nothing is trained: pRet is minus the mean of two z-scores across the stocks of a date, of the return and of the "
    "mean turnover of the past 20 trading days. The factor is pRet neutralised by industry and size and standardised."
)

RANKS = text("Trainings read each return's rank among the stocks of its date in place of the return.")
NEUTRAL = text(
    "Trainings read what is left of each return beside its industry and size in place of the return."
)
NEUTRAL_RANKS = text(
    "Trainings read the rank of what is left of each return beside its industry and size in place of the return."
)
AVERAGED = text(
    "pRet is the mean of that prediction and of others made from the real windows, each standardised across the stocks "
    "of a date."
)
BESIDE: dict[str, Text] = {
    "gru": text("Beside it: a GRU and an MLP."),
    "lightgbm": text("Beside it: gradient-boosted trees on each window, flattened."),
    "reversal": text(
        "Beside it, untrained: minus the mean of two z-scores, of the return and of the mean turnover of the past 20 "
        "trading days."
    ),
}


def model(material: Material) -> Section:
    """Four points and the drawing; numbers come from the study's settings where they are known.

    The drawing is the GRU's: another predictor has its sentence alone.
    """
    if material.predictor == "reversal":
        return Section("model", text("The model in brief"), (Prose((REVERSAL,), bullets=True),))
    drawing = Diagram(
        text("From a window of prices to the factor"),
        material.generator,
        days=known(material, "features", "window", 40),
        features=feature_count(material),
        layers=known(material, "predictor", "layers", 2),
    )
    points: tuple[Words, ...] = (
        text(
            "A sample is one stock on one date: the last {days} trading days of {features} daily price and "
            "volume series, outliers clipped, standardised within the window and then across the stocks of "
            "the date.",
            days=integer(drawing.days),
            features=integer(drawing.features),
        ),
        WINDOWS.get(material.generator, text("The generator of this study is not known.")),
        TREES
        if material.predictor == "lightgbm"
        else text(
            "A GRU of {layers} layers and an MLP turn each window into one number, pRet, trained so that "
            "pRet correlates with the return of the next 20 trading days across the stocks of a date.",
            layers=integer(drawing.layers),
        ),
        *learned_from(material),
        *beside(material),
        text(
            "Trainings are due each 30 June and 31 December and serve the half year that follows; no label "
            "used by a training ends after its date. The factor is pRet neutralised by industry and size and "
            "standardised."
        ),
    )
    blocks: tuple[Block, ...] = (
        Prose(points, bullets=True),
        *((drawing,) if material.predictor == "gru" else ()),
        feature_table(material),
        training_table(material),
    )
    return Section("model", text("The model in brief"), blocks)


def learned_from(material: Material) -> tuple[Words, ...]:
    """What a training reads in place of the return, where that is not the return itself."""
    setting = material.provenance.setting
    neutral = setting("label", "neutralise") not in (None, "none")
    if neutral and setting("label", "ranked"):
        return (NEUTRAL_RANKS,)
    return (NEUTRAL,) if neutral else (RANKS,) if setting("label", "ranked") else ()


def beside(material: Material) -> tuple[Words, ...]:
    """What else pRet is the mean of."""
    kinds = material.provenance.setting("predictor", "beside")
    named = kinds if isinstance(kinds, list | tuple) else ()
    return (AVERAGED, *(BESIDE[kind] for kind in named if kind in BESIDE)) if named else ()


def known(material: Material, section: str, key: str, published: int) -> int:
    """A whole number of the settings, or the published one where the settings were not handed on."""
    value = material.provenance.setting(section, key)
    return value if isinstance(value, int) else published


def feature_count(material: Material) -> int:
    """How many daily series make a window."""
    names, ranked = (material.provenance.setting("features", key) for key in ("names", "ranked"))
    more = len(ranked) if isinstance(ranked, list | tuple) else 0
    return (len(names) if isinstance(names, list | tuple) else 18) + more
