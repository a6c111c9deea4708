"""The examples of a page of the documentation: taken out, run in order, and held against the output that the page shows."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

#: Languages that are run, and those that show what the example before them prints.
_RUN, _SHOWN = {"sh", "python", "js"}, {"text", "json"}

#: Stands in an output for what may be anything.
_ANYTHING = "…"

#: Where the service is in the documentation.
DOCUMENTED_URL = "http://127.0.0.1:8000"

_END = "@@ the end of example"


@dataclass(frozen=True, slots=True)
class Example:
    """Code of the page in one language, the line where it begins, and the output that the page shows, if any."""

    language: str
    code: str
    line: int
    output: str | None = None


def examples(page: Path) -> list[Example]:
    """All examples of a page. An output belongs to the code before it, if nothing but a blank line lies between."""
    text = page.read_text(encoding="utf-8")
    found: list[Example] = []
    end = 0
    for fence in _FENCE.finditer(text):
        language, content = fence.groups()
        if language in _RUN:
            found.append(Example(language, content, text.count("\n", 0, fence.start()) + 2))
        elif language in _SHOWN and found and not text[end : fence.start()].strip() and found[-1].output is None:
            last = found.pop()
            found.append(Example(last.language, last.code, last.line, content))
        end = fence.end()
    return found


def outputs(parts: list[Example], folder: Path, url: str) -> Iterator[str]:
    """What each example prints, all of one language, run as one program in `folder`. Raises AssertionError where one fails."""
    language = parts[0].language
    marks = {"sh": f"echo '{_END}'", "python": f"print({_END!r}, flush=True)", "js": f"console.log({_END!r});"}
    program = "\n".join(f"{part.code}{marks[language]}" for part in parts).replace(DOCUMENTED_URL, url)
    commands = {
        "sh": ["bash", "-euo", "pipefail", "-c", program],
        "python": [sys.executable, "-W", "error", "-c", program],
        "js": ["node", "--input-type=module", "-e", program],
    }
    environment = {**os.environ, "DEPECHE_URL": url, "XDG_STATE_HOME": str(folder / "state")}
    done = subprocess.run(commands[language], cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    printed = done.stdout.split(f"{_END}\n")
    if done.returncode:
        failed = parts[min(len(printed), len(parts)) - 1]
        raise AssertionError(f"the example at line {failed.line} failed: {printed[-1]}{done.stderr[-2000:]}")
    yield from printed


def agrees(shown: str, printed: str) -> bool:
    """Whether an output is as the page shows it, where an ellipsis stands for anything within a line."""
    pattern = ".*".join(re.escape(part) for part in shown.split(_ANYTHING))
    return re.fullmatch(pattern, printed) is not None
