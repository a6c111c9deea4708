"""One owner for a data folder."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scripts.lab.data_folder import Owned, Running, claim
from scripts.lab.processes import ChildError


def quiet() -> None:
    """Nothing to say while waiting."""


def test_the_first_comer_owns_a_folder_that_is_made_for_it_alone(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "data"
    with claim(data, patience_s=0, on_wait=quiet) as owner:
        assert isinstance(owner, Owned)
        assert data.stat().st_mode & 0o777 == 0o700
    with claim(data, patience_s=0, on_wait=quiet) as owner:
        assert isinstance(owner, Owned)


def test_the_second_learns_where_the_first_serves(tmp_path: Path) -> None:
    with claim(tmp_path, patience_s=0, on_wait=quiet) as owner:
        assert isinstance(owner, Owned)
        owner.announce("http://127.0.0.1:1")
        with claim(tmp_path, patience_s=0, on_wait=quiet) as second:
            assert second == Running("http://127.0.0.1:1", os.getpid())
        owner.withdraw()
        with pytest.raises(ChildError, match="another scripts/run uses"), claim(tmp_path, patience_s=0, on_wait=quiet):
            pass


def test_an_owner_that_does_not_serve_is_waited_for(tmp_path: Path) -> None:
    told = threading.Event()
    got: list[object] = []

    def wait() -> None:
        with claim(tmp_path, patience_s=30, on_wait=told.set) as owner:
            got.append(owner)

    second = threading.Thread(target=wait)
    with claim(tmp_path, patience_s=0, on_wait=quiet):
        second.start()
        assert told.wait(10)
        assert got == []
    second.join(10)
    assert isinstance(got[0], Owned)


@pytest.mark.parametrize("record", ["", "[]", '{"url": "http://127.0.0.1:1"}', "dead"])
def test_what_a_killed_owner_left_is_not_believed(tmp_path: Path, record: str) -> None:
    if record == "dead":
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        record = json.dumps({"url": "http://127.0.0.1:1", "pid": gone.pid})
    left = tmp_path / "running.json"
    left.write_text(record)
    with claim(tmp_path, patience_s=0, on_wait=quiet) as owner:
        assert isinstance(owner, Owned)
        assert not left.exists()
        left.write_text(record)
        with pytest.raises(ChildError), claim(tmp_path, patience_s=0, on_wait=quiet):
            pass


def test_a_folder_stays_locked_while_a_process_keeps_the_lock(tmp_path: Path) -> None:
    """A launcher that was killed leaves its Redis behind for a moment: another one over the same file would ruin it."""
    with claim(tmp_path, patience_s=0, on_wait=quiet) as owner:
        assert isinstance(owner, Owned)
        keeper = subprocess.Popen(["sleep", "300"], pass_fds=[owner.lock])
    try:
        with pytest.raises(ChildError), claim(tmp_path, patience_s=0, on_wait=quiet):
            pass
    finally:
        keeper.kill()
        keeper.wait()
    with claim(tmp_path, patience_s=0, on_wait=quiet) as owner:
        assert isinstance(owner, Owned)
