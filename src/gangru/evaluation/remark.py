"""A sentence about what an evaluation rests on, in English, that can be said in another language."""

from collections.abc import Mapping


class Remark(str):
    """English text, made from `template` and `values`; a plain string wherever one is wanted."""

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, str]

    def __new__(cls, template: str, values: Mapping[str, str]) -> "Remark":
        """Write the values into the template."""
        made = super().__new__(cls, template.format(**values))
        made.template, made.values = template, dict(values)
        return made


def remark(template: str, /, **values: object) -> Remark:
    """The sentence with its values written in; the extraction of messages looks for calls of this name."""
    return Remark(template, {name: str(value) for name, value in values.items()})
