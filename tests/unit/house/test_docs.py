"""What the documents name exists: files, headings, settings, dependencies."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from service.contract.errors import RequestError
from service.contract.request import parse_request
from tests.unit.house.modules import ROOT, modules

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)|!\[[^\]]*\]\((?P<image>[^)\s]+)\)")
_SETTING = re.compile(r"\bDEPECHE_[A-Z0-9]+(?:_[A-Z0-9]+)*\b")


def prose(path: Path) -> str:
    """A document without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def headings(path: Path) -> set[str]:
    """The anchors of a document, as GitHub makes them."""
    found = re.findall(r"^#+ +(.+?) *$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def setting_names() -> set[str]:
    """Every variable that one of the halves reads."""
    from service.settings import Settings as WebSettings
    from worker.settings import Settings as WorkerSettings

    tables: list[Any] = [WebSettings, WorkerSettings]
    return {f"DEPECHE_{name.upper()}" for table in tables for name in table.model_fields}


def test_the_documents_are_there() -> None:
    present = {path.relative_to(ROOT).as_posix() for path in DOCUMENTS}
    assert present >= {
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/dependencies.md",
        "docs/deployment.md",
        "docs/samples/README.md",
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=[path.relative_to(ROOT).as_posix() for path in DOCUMENTS])
def test_links_point_at_what_exists(document: Path) -> None:
    wrong = []
    for match in _LINK.finditer(prose(document)):
        target = match["target"] or match["image"]
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (document.parent / file).resolve() if file else document
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in headings(path)):
            wrong.append(target)
    assert wrong == []


def test_every_setting_stands_in_a_table() -> None:
    rows = "\n".join(line for path in DOCUMENTS for line in prose(path).splitlines() if line.lstrip().startswith("|"))
    assert setting_names() - set(_SETTING.findall(rows)) == set()


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    # Scripts and commands read a few of their own, such as the address that a client calls
    in_code = {name for module in modules("service", "worker", "scripts") for name in _SETTING.findall(module.text)}
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in DOCUMENTS
        for name in _SETTING.findall(path.read_text(encoding="utf-8"))
        if name not in setting_names() | in_code
    }
    assert wrong == set()


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    direct = {Requirement(line).name for group in [project["dependencies"], *extras.values()] for line in group}
    document = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in document.splitlines() if line.startswith("|")]
    explained = {word.lower() for row in rows for word in re.findall(r"[A-Za-z0-9][\w-]*", row)}
    assert {name for name in direct if name.lower() not in explained} == set()
    for extra in extras:
        assert re.search(rf"^## .*: `{extra}`$", document, re.MULTILINE), f"no chapter on the extra {extra}"


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("heading", ["Two words", "A `code` word", "What is new?"])
def test_anchors_are_made_as_github_makes_them(heading: str, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"# {heading}\n\n```\n# not a heading\n```\n", encoding="utf-8")
    expected = {"Two words": "two-words", "A `code` word": "a-code-word", "What is new?": "what-is-new"}
    assert headings(path) == {expected[heading]}


def test_the_sample_of_an_error_is_what_the_server_says() -> None:
    with pytest.raises(RequestError) as refused:
        parse_request({"text": "Bonjour.", "langue": "fr"}, max_characters=10)
    assert f'"detail": "{refused.value.detail}"' in (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
