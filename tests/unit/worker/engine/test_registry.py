from pathlib import Path

import pytest

from worker.engine.errors import ModelError
from worker.engine.registry import BUNDLED, fetch, locate, resolve

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_bundled_is_a_folder_of_the_package() -> None:
    source = resolve("bundled")

    assert (source.id, source.folder, source.hub_id, source.revision) == ("bundled", BUNDLED, None, None)
    assert BUNDLED.parts[-3:] == ("worker", "models", "bundled")
    assert source.canary is not None
    assert source.canary.expected


def test_opus_is_pinned_unless_another_revision_is_named() -> None:
    assert resolve("opus").hub_id == "Helsinki-NLP/opus-mt-fr-en"
    assert len(resolve("opus").revision or "") == 40
    assert resolve("opus@main").revision == "main"
    assert resolve("opus", COMMIT).revision == COMMIT


def test_hub_ids_take_a_revision_in_either_place() -> None:
    assert resolve("facebook/nllb-200-distilled-600M").revision is None
    assert resolve(f"t5-small@{COMMIT}").hub_id == "t5-small"
    assert resolve(f"a/b@{COMMIT}") == resolve("a/b", COMMIT) == resolve(f"a/b@{COMMIT}", COMMIT)


def test_a_folder_is_named_by_its_last_part_and_never_by_its_path(tmp_path: Path) -> None:
    folder = tmp_path / "my@model"
    folder.mkdir()
    source = resolve(str(folder))

    assert (source.id, source.folder) == ("my@model", folder)


def test_a_relative_folder_that_exists_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    assert resolve("models/mine").folder == Path("models/mine")
    assert resolve("models/yours").hub_id == "models/yours"


@pytest.mark.parametrize(
    ("model", "revision", "said"),
    [
        ("", None, "neither a folder nor a hub id"),
        ("a/b/c", None, "neither a folder nor a hub id"),
        ("two words", None, "neither a folder nor a hub id"),
        ("a/b@", None, "no revision after the @"),
        ("a/b@one", "two", "keep one of the two"),
    ],
)
def test_settings_that_cant_be_meant_are_refused(model: str, revision: str | None, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        resolve(model, revision)


def test_a_missing_folder_is_said_in_one_line(tmp_path: Path) -> None:
    source = resolve(str(tmp_path / "nowhere"))

    assert str(source).endswith("nowhere (missing)")
    with pytest.raises(ModelError, match=r"^nowhere: there is no folder .*nowhere\.$"):
        locate(source)


def test_a_folder_needs_no_fetching(tmp_path: Path) -> None:
    assert fetch(str(tmp_path)) == tmp_path
    assert str(resolve(str(tmp_path))) == f"folder {tmp_path}"
