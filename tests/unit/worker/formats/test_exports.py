"""The package's names are exactly the intended ones."""

import worker.formats


def test_names() -> None:
    assert worker.formats.__all__ == ["Block", "Filled", "Format", "Markup", "Part", "Role", "parse_markup"]
    assert all(hasattr(worker.formats, name) for name in worker.formats.__all__)
