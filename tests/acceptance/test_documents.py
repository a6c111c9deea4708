"""The documentation's examples do what it says, on a stack that runs."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.acceptance.stack import ROOT, Stack
from tests.documents import agrees, examples, outputs

DOCS = ROOT / "docs"

PAGES = ["tutorial.md", "guide.md", "client.md", "command-line.md", "howto/from-libretranslate.md"]


#: Each page with each language that it has examples in.
PARTS = [(page, language) for page in PAGES for language in sorted({part.language for part in examples(DOCS / page)})]


@pytest.mark.parametrize(("page", "language"), PARTS)
def test_the_examples_print_what_the_page_shows(fake_stack: Stack, tmp_path: Path, page: str, language: str) -> None:
    needed = {"sh": ["curl", "jq"], "python": [], "js": ["node"]}[language]
    missing = [program for program in needed if shutil.which(program) is None]
    if missing:
        assert not os.environ.get("CI"), f"{missing} must be there"
        pytest.skip(f"not run: there is no {missing[0]} on the PATH")
    (tmp_path / "docs").symlink_to(DOCS)
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    parts = [part for part in examples(DOCS / page) if part.language == language]
    for part, printed in zip(parts, outputs(parts, tmp_path, fake_stack.url), strict=False):
        if part.output is not None:
            assert agrees(part.output, printed), f"line {part.line} prints {printed!r}"
