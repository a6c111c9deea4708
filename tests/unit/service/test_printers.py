"""How jobs are printed as text."""

import io

import pytest

from service.client import JobView
from service.commands.printers import TextPrinter
from tests.unit.service.server_double import job


def _printed(summary: str | None, *, summary_only: bool) -> str:
    members = job(text="***")
    members["result"]["summary"] = None if summary is None else {"text": summary}
    out = io.StringIO()
    TextPrinter(out, several=False, summary_only=summary_only).job("x", JobView(members), "***")
    return out.getvalue()


@pytest.mark.parametrize("summary", ["", None])
def test_where_there_is_no_summary_there_is_no_heading(summary: str | None) -> None:
    assert _printed(summary, summary_only=False) == "***\n"
    assert _printed(summary, summary_only=True) == ""


def test_a_summary_stands_below_its_heading() -> None:
    assert _printed("Short.", summary_only=False) == "***\n\nSummary\n-------\nShort.\n"
