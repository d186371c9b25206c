"""A vendor's token: out of the environment alone, and in no message, file or representation."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from gangru.errors import InputError

HIDDEN = "***"


@dataclass(frozen=True)
class Secret:
    """A text that is shown nowhere; `reveal` it only where the vendor's client is made."""

    _text: str = field(repr=False, default="")

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def scrub(self, message: str) -> str:
        """The message with the text, as it is or as an address spells it, taken out."""
        for spelling in {self._text, quote(self._text, safe=""), quote_plus(self._text)} - {""}:
            message = message.replace(spelling, HIDDEN)
        return message

    def __str__(self) -> str:
        """Nothing that could be read."""
        return HIDDEN


def secret_from_environment(
    variable: str, vendor: str, where: str, environment: Mapping[str, str] | None = None
) -> Secret:
    """The token in an environment variable; raises InputError saying `where` one gets it if it is not set."""
    text = (os.environ if environment is None else environment).get(variable, "").strip()
    if not text:
        raise InputError(
            f"{vendor} needs a token: set the environment variable {variable} ({where}). "
            "It is read from nowhere else and written nowhere"
        )
    return Secret(text)
