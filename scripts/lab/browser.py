"""A Chromium for the tests of the page, where it can be had: installed by apt, as root. Run by scripts/test and .ci/run.

Standard library alone, like the rest of what makes the environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

#: Names under which Debian, Ubuntu and others have it.
NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """The browser's path, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> None:
    """Installs a browser if there is none. Prints why not to standard error: the tests that need one are then skipped."""
    if find() is not None:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        _say("no chromium here; the page's tests in a browser will be skipped (on Debian: apt install chromium)")
        return
    _say("installing chromium for the page's tests")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", "chromium"]):
        done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            _say(f"apt-get {command[0]} failed: {' '.join(last)}; the page's tests in a browser will be skipped")
            return


def _say(message: str) -> None:
    print(f"depeche: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
