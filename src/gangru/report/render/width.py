"""How wide a text is, counted in digits: Chinese takes two."""

import unicodedata


def digits(shown: str) -> int:
    """The width of a text, counted in digits."""
    return sum(2 if double(character) else 1 for character in shown)


def double(character: str) -> bool:
    """Whether a character is as wide as it is high, as Chinese is."""
    return unicodedata.east_asian_width(character) in "WF"
