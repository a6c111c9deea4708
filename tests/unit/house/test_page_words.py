"""The page has words for every code that a segment can carry."""

import re
from pathlib import Path

from worker import warnings
from worker.plan import Route
from worker.text import FlagCode

ARTICLE = Path(__file__).parents[3] / "service" / "page" / "static" / "article.js"


def test_the_page_explains_every_code() -> None:
    script = ARTICLE.read_text(encoding="utf-8")
    table = script.partition("export const WARNINGS = {")[2].partition("};")[0]
    explained = set(re.findall(r"^ +(\w+): \"", table, re.MULTILINE))
    others = {value for name, value in vars(warnings).items() if name.isupper() and isinstance(value, str)}
    assert explained == {*FlagCode, *others, Route.ENGLISH, Route.OPAQUE}
