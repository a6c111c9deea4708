"""The page's files: served are those that are there, fetched in one go, small, and from nowhere else."""

import re
from pathlib import Path

from service.page.routes import _ASSETS

STATIC = Path(__file__).parents[3] / "service" / "page" / "static"
HTML = (STATIC.parent / "templates" / "page.html").read_text(encoding="utf-8")
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in STATIC.glob("*.js")}


def test_what_is_served_is_there() -> None:
    there = {path.name for path in STATIC.iterdir()}
    assert set(_ASSETS) <= there
    assert {name for name in there if name.endswith(".js")} <= set(_ASSETS)


def test_every_script_is_fetched_at_once() -> None:
    """Else the browser learns of a module only from the one that imports it: a round trip for each step."""
    named = set(re.findall(r'(?:modulepreload" href|script src)="/static/([\w.]+)"', HTML))
    assert named == set(SCRIPTS)


def test_imports_name_what_is_exported() -> None:
    for name, script in SCRIPTS.items():
        for names, module in re.findall(r'^import (.+) from "\./([\w.]+)";$', script, re.MULTILINE):
            for one in re.findall(r"\w+", names if names.startswith("{") else "default"):
                exported = rf"^export (?:default|(?:async )?(?:function|class|const) {one})\b"
                assert re.search(exported, SCRIPTS[module], re.MULTILINE), f"{name}: {one} of {module}"


def test_nothing_comes_from_elsewhere() -> None:
    css = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.css"))
    everything = "\n".join([HTML, css, *SCRIPTS.values()])
    assert re.findall(r"https?://\S+|@import\s|url\(", everything) == []
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", HTML), "the policy refuses what is inline"
    assert not re.search(r"\binnerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", everything)


def test_it_stays_small() -> None:
    assert sum(path.stat().st_size for path in STATIC.iterdir()) + len(HTML.encode()) < 110_000
    assert max(len(script.splitlines()) for script in SCRIPTS.values()) <= 300
