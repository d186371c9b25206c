"""The model in brief: what is read, what is trained on what, and the drawing of it."""

from gangru.report.blocks import Diagram, Prose, Section, Text, Words, integer, text
from gangru.report.inputs import Material

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


def model(material: Material) -> Section:
    """Four points and the drawing; numbers come from the study's settings where they are known."""
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
        text(
            "A GRU of {layers} layers and an MLP turn each window into one number, pRet, trained so that "
            "pRet correlates with the return of the next 20 trading days across the stocks of a date.",
            layers=integer(drawing.layers),
        ),
        text(
            "Trainings are due each 30 June and 31 December and serve the half year that follows; no label "
            "used by a training ends after its date. The factor is pRet neutralised by industry and size and "
            "standardised."
        ),
    )
    return Section("model", text("The model in brief"), (Prose(points, bullets=True), drawing))


def known(material: Material, section: str, key: str, published: int) -> int:
    """A whole number of the settings, or the published one where the settings were not handed on."""
    value = material.provenance.setting(section, key)
    return value if isinstance(value, int) else published


def feature_count(material: Material) -> int:
    """How many daily series make a window."""
    names = material.provenance.setting("features", "names")
    return len(names) if isinstance(names, list | tuple) else 18
