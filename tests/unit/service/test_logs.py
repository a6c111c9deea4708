"""What logs show of an exception."""

import subprocess
import sys

import pytest

BROKEN = """
import logging
from service.contract.logs import configure_logs, get_logger

configure_logs("INFO", "{style}")

def translate(article):
    raise RuntimeError("it broke")

try:
    translate("the " + "secret")
except RuntimeError:
    get_logger("ours").exception("attempt_broke")
    logging.getLogger("gunicorn.error").exception("Error handling request")
"""


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_traceback_has_no_values_in_it(style: str) -> None:
    command = [sys.executable, "-c", BROKEN.format(style=style)]
    log = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert log.count("RuntimeError: it broke") == 2
    assert "in translate" in log
    assert "the secret" not in log
