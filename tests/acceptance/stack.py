"""`scripts/run` under test: the commands, the processes that they leave, and a stack that runs."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
RUN = str(ROOT / "scripts" / "run")


def environment(data: Path, **variables: str) -> dict[str, str]:
    """The environment without anybody's own settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DEPECHE_")}
    return {**inherited, "DEPECHE_DATA_DIR": str(data), **variables}


def run(data: Path, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """One run to its end."""
    command = [RUN, *map(str, arguments)]
    return subprocess.run(command, env=environment(data, **variables), capture_output=True, text=True, timeout=280)


def processes_of(data: Path, program: str = "") -> list[psutil.Process]:
    """Processes that were started for this data folder: all of them inherit its variable."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("DEPECHE_DATA_DIR") != str(data) or process.pid == os.getpid():
                continue
            if not program or any(part.endswith(program) for part in process.cmdline()):
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def free_port() -> int:
    """A port of the loopback interface that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Stack:
    """`scripts/run` without articles. `seconds` is how long it took to be ready."""

    def __init__(self, data: Path, **variables: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = data
        began = time.monotonic()
        command = [RUN, "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=environment(data, **variables), stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        self.greeting = ""
        for line in self.process.stderr:
            self.greeting += line
            if "Ctrl-C" in line:
                break
        self.seconds = time.monotonic() - began

    def submit(self, text: str) -> str:
        """Submits an article as plain text; returns its id."""
        job: dict[str, str] = self.call("/v1/jobs", text.encode(), "text/plain; charset=utf-8")
        return job["id"]

    def wait(self, job_id: str, seconds: float = 120) -> dict[str, Any]:
        """The job at its end."""
        deadline = time.monotonic() + seconds
        while True:
            job: dict[str, Any] = self.call(f"/v1/jobs/{job_id}?wait=10")
            if job["ended_at"]:
                return job
            assert time.monotonic() < deadline, "it did not end in time"

    def call(self, path: str, body: bytes | None = None, media_type: str = "application/json") -> Any:
        """One request and its JSON."""
        request = urllib.request.Request(self.url + path, data=body, headers={"Content-Type": media_type})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def interrupt(self) -> int:
        """Ctrl-C, then the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self) -> int:
        """The exit status once it has ended."""
        self.process.communicate(timeout=90)
        return self.process.returncode
