"""The tests that run the documentation's examples would notice a wrong one."""

from pathlib import Path

import pytest

from tests.documents import Example, agrees, examples, outputs


def test_examples_are_found_with_what_they_print(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Text.\n\n```sh\necho 1\n```\n\n```text\n1\n```\n\n```json\n{}\n```\n\n```python\nx\n```\nText.\n```text\n2\n```\n"
    )
    assert examples(page) == [Example("sh", "echo 1\n", 4, "1\n"), Example("python", "x\n", 16)]


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a…c\n", "abbc\n", True),
        ("a…c\n", "ab\nbc\n", False),
        ("a\n", "a\nb\n", False),
        ("a.c\n", "abc\n", False),
        ("", "", True),
    ],
)
def test_an_ellipsis_stands_for_anything_within_a_line(shown: str, printed: str, same: bool) -> None:
    assert agrees(shown, printed) is same


def test_examples_build_on_each_other_and_each_has_its_own_output(tmp_path: Path) -> None:
    parts = [Example("sh", "x=http://127.0.0.1:8000\n", 1), Example("sh", "echo $x\n", 5)]
    assert list(outputs(parts, tmp_path, "http://here")) == ["", "http://here\n", ""]


def test_an_example_that_fails_is_named(tmp_path: Path) -> None:
    parts = [
        Example("sh", "echo fine\n", 1),
        Example("sh", "echo bad; false | true\n", 7),
        Example("sh", "echo no\n", 9),
    ]
    with pytest.raises(AssertionError, match="line 7 failed: bad"):
        list(outputs(parts, tmp_path, "http://here"))
