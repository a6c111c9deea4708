from pathlib import Path

import pytest
import torch
from structlog.testing import capture_logs

from tests.unit.worker.engine.loaded import load_folder
from worker.engine.licence import is_commercial, licence_of
from worker.engine.registry import BUNDLED


def card(folder: Path, front: str) -> Path:
    (folder / "README.md").write_text(f"---\n{front}\n---\n\n# A model\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("front", "licence"),
    [
        ("license: apache-2.0", "apache-2.0"),
        ("language: [fr, en]\nlicense: CC-BY-NC-4.0\ntags: [translation]", "cc-by-nc-4.0"),
        ("license: [mit, cc-by-4.0]", "mit, cc-by-4.0"),
        ("license: other\nlicense_name: our own  terms", "other (our own terms)"),
        ("license: other", "other"),
        ('license: "\\e[31mmit\\n"', "[31mmit"),
        (f"license: {'x' * 500}", "x" * 80),
        ("license: 7", None),
        ("license:", None),
        ("tags: [translation]", None),
        ("license: [", None),
        ("- license", None),
        ("", None),
    ],
)
def test_a_card_names_the_licence(tmp_path: Path, front: str, licence: str | None) -> None:
    assert licence_of(card(tmp_path, front)) == licence


def test_without_a_card_no_licence_is_known(tmp_path: Path) -> None:
    assert licence_of(tmp_path) is None
    (tmp_path / "README.md").write_bytes(b"\xff\xfe")
    assert licence_of(tmp_path) is None


def test_the_bundled_model_is_free() -> None:
    assert licence_of(BUNDLED) == "apache-2.0"


@pytest.mark.parametrize("licence", ["cc-by-nc-4.0", "cc-by-nc-sa-4.0", "mit, cc-by-nc-4.0", "other (Non-Commercial)"])
def test_licences_that_are_not_for_commercial_use(licence: str) -> None:
    assert not is_commercial(licence)


@pytest.mark.parametrize("licence", [None, "apache-2.0", "cc-by-4.0", "mit", "other (ncsa)", "other", "cecill-2.1"])
def test_licences_that_do_not_say_so(licence: str | None) -> None:
    assert is_commercial(licence)


@pytest.mark.parametrize(("licence", "warned"), [("cc-by-nc-4.0", True), ("cc-by-4.0", False)])
def test_loading_a_model_that_is_not_for_commercial_use_is_logged(marian: Path, licence: str, warned: bool) -> None:
    (marian / "README.md").write_text(f"---\nlicense: {licence}\n---\n")
    try:
        with capture_logs() as lines:
            assert load_folder(marian).device == torch.device("cpu")
    finally:
        (marian / "README.md").unlink()
    said = {"event": "licence_not_commercial", "log_level": "warning", "model": marian.name, "licence": licence}
    assert [{name: line.get(name) for name in said} for line in lines] == [said] * warned
