"""The licence of a model's files, as its model card states it: `license` in the front matter of README.md."""

import re
from pathlib import Path

#: The file with the model card.
CARD = "README.md"

#: Most characters of a licence's name that are shown.
_LONGEST = 80

#: How names of licences say that they are not for commercial use: `cc-by-nc-4.0`, `non-commercial`.
_NOT_COMMERCIAL = re.compile(r"(?<![a-z])(nc(?![a-z])|non[-_ ]?commercial)")


def licence_of(folder: Path) -> str | None:
    """What the card in a folder names, in lower case, several with commas; None where it names none or can't be read.

    For `other`, which the hub has for licences that it does not know, the name beside it comes in brackets.
    """
    from huggingface_hub import metadata_load

    try:
        card = metadata_load(folder / CARD) or {}
    except Exception:  # noqa: BLE001  # a card can be wrong in any way, and is no reason not to go on
        return None
    named = card.get("license")
    names = [_shown(name) for name in (named if isinstance(named, list) else [named]) if isinstance(name, str)]
    found = ", ".join(name for name in names if name)
    if found == "other" and isinstance(own := card.get("license_name"), str) and _shown(own):
        return f"other ({_shown(own)})"
    return found or None


def is_commercial(licence: str | None) -> bool:
    """False for a licence whose name says that it is not for commercial use."""
    return licence is None or _NOT_COMMERCIAL.search(licence.lower()) is None


def _shown(name: str) -> str:
    """A name for a line of a terminal or a log."""
    return "".join(character for character in " ".join(name.split()) if character.isprintable())[:_LONGEST].lower()
