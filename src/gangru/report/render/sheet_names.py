"""Names of a workbook's sheets: what Excel takes, each once."""

import re

LONGEST = 31
FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
RESERVED = "history"  # Excel keeps it for itself


class SheetNames:
    """The names given so far; Excel tells them apart without regard to case."""

    FRONT = "contents"

    def __init__(self) -> None:
        self.taken = {self.FRONT, RESERVED}

    def of(self, key: str) -> str:
        """A name for the sheet of this key: the key itself where it can be one, else near it."""
        plain = FORBIDDEN.sub("_", key).strip("'") or "sheet"
        name, count = plain[:LONGEST], 1
        while name.casefold() in self.taken:
            count += 1
            ending = f"_{count}"
            name = plain[: LONGEST - len(ending)] + ending
        self.taken.add(name.casefold())
        return name
