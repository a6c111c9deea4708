"""The reader of Dockerfiles refuses what Docker would refuse."""

from pathlib import Path

import pytest

from tests.unit.docker.dockerfile import DockerfileError, instructions, read


def test_joins_continuation_lines_and_skips_comments_between_them() -> None:
    found = instructions("FROM a:1\n# why\nRUN one \\\n    # two is gone\n    && three\nUSER 7\n")
    assert [(one.line, one.name, one.text) for one in found] == [
        (1, "FROM", "a:1"),
        (3, "RUN", "one && three"),
        (6, "USER", "7"),
    ]


def test_flags_stand_apart_from_arguments() -> None:
    (_, one) = instructions("FROM a:1\nCOPY --from=build --chown=1:1 /x /y")
    assert one.flags == {"from": "build", "chown": "1:1"}
    assert one.words == ["/x", "/y"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FRON a:1", "unknown instruction FRON"),
        ("FROM a:1\nRUN one \\", "goes on past the end"),
        ("FROM a:1\nRUN one \\\n\n  two", "blank line inside"),
        ("FROM a:1\nUSER", "USER without arguments"),
        ("FROM a:1\nCMD [\"a\", 'b']", "not the JSON list"),
        ("FROM a:1\nRUN <<EOF\nls\nEOF", "heredoc"),
        ("# escape=`\nFROM a:1", "escape directive"),
    ],
)
def test_refuses(text: str, message: str) -> None:
    with pytest.raises(DockerfileError, match=message):
        instructions(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [("RUN ls", "RUN before FROM"), ("# nothing", "no FROM"), ("FROM a:1 IS b", "FROM IMAGE")],
)
def test_refuses_files(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DockerfileError, match=message):
        read(path)


def test_stages_have_their_bases_and_names(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text("ARG V=3\nFROM a:${V} AS build\nRUN ls\nFROM b:1\nUSER 9\n", encoding="utf-8")
    file = read(path)
    assert [(stage.base, stage.alias) for stage in file.stages] == [("a:3", "build"), ("b:1", None)]
    assert [one.name for one in file.image.instructions] == ["USER"]
