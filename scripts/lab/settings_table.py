"""The README's table of settings, made from the settings classes: `python -m scripts.lab.settings_table [--write]`."""

import re
import sys
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from service.contract.settings import SharedSettings
from service.settings import Settings as WebSettings
from worker.settings import Settings as WorkerSettings

README = Path(__file__).resolve().parents[2] / "README.md"
_MARKS = re.compile(r"(<!-- settings -->\n).*?(<!-- /settings -->)", re.DOTALL)


def table() -> str:
    """Markdown: a row for each setting, the shared ones first."""
    rows = ["| variable | default | read by | what it is |", "| --- | --- | --- | --- |"]
    shared = SharedSettings.model_fields
    for name, field in shared.items():
        rows.append(_row(name, field, "both"))
    for reader, fields in (("front end", WebSettings.model_fields), ("worker", WorkerSettings.model_fields)):
        rows += [_row(name, field, reader) for name, field in fields.items() if name not in shared]
    return "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo, reader: str) -> str:
    return f"| `DEPECHE_{name.upper()}` | {_default(field.default)} | {reader} | {field.description} |"


def _default(value: Any) -> str:
    if value is None or value is PydanticUndefined or value == "":
        return "unset"
    if hasattr(value, "get_secret_value"):
        value = value.get_secret_value()
    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, tuple | list | frozenset | set):
        value = ",".join(str(item) for item in value)
    return f"`{value}`" if value != "" else "unset"


def main() -> None:
    """Prints the table, or writes it between the marks in the README."""
    if "--write" not in sys.argv[1:]:
        print(table(), end="")
        return
    text = README.read_text(encoding="utf-8")
    README.write_text(_MARKS.sub(lambda match: match.group(1) + table() + match.group(2), text), encoding="utf-8")


if __name__ == "__main__":
    main()
