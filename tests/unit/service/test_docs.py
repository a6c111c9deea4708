"""The page about the HTTP interface keeps up with the code."""

import re
from pathlib import Path

from service.contract.errors import Code
from service.contract.request import JobRequest, SummaryOptions
from service.contract.states import JobState
from service.settings import Settings

PAGE = (Path(__file__).parents[3] / "docs" / "http.md").read_text(encoding="utf-8")


def test_the_tables_of_errors_are_complete() -> None:
    errors = PAGE[PAGE.index("## Errors") :]
    documented = [
        tuple(cell.strip(" `") for cell in row) for row in re.findall(r"^\|(.+)\|(.+)\|(.+)\|$", errors, re.MULTILINE)
    ]
    documented = [row for row in documented if row[1].isdecimal()]
    assert documented == [
        (kind.code, str(kind.status), kind.title) for kind in (code.value for code in Code) if kind.status
    ]
    jobs = re.findall(r"^\| `(\w+)` \| ([^|]+) \|$", errors, re.MULTILINE)
    assert jobs == [(kind.code, kind.title) for kind in (code.value for code in Code) if not kind.status]


def test_every_state_and_field_is_there() -> None:
    names = [*JobState, *JobRequest.model_fields, *(f"summary.{name}" for name in SummaryOptions.model_fields)]
    for name in names:
        if name not in ("summary", "summary.strict"):
            assert f"| `{name}` |" in PAGE, name


def test_the_settings_that_it_names_exist() -> None:
    named = set(re.findall(r"DEPECHE_([A-Z_]+)", PAGE)) - {"API_KEY"}  # which the command line reads
    assert named
    assert named <= {name.upper() for name in Settings.model_fields}
