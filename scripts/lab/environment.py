"""Makes the virtual environment `.venv` of the checkout, once, and again only when what it should hold has changed.

Run by the system's Python before anything is installed, so it uses the standard library alone:
`python3 environment.py EXTRA...`, where the extras are those of pyproject.toml.
"""

from __future__ import annotations  # so that a Python which is too old gets as far as being told so

import concurrent.futures
import fcntl
import hashlib
import http.client
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMP = VENV / "depeche-installed.json"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def main(wanted: Iterable[str]) -> None:
    """Installs the extras that are not there yet. Prints to standard error, and nothing at all when all is there."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the system's Python may be older than what the package needs
        sys.exit(f"Dépêche needs Python 3.11 or newer; this is {platform.python_version()}. Set PYTHON to a newer one.")
    with _lock():
        extras = set(wanted)
        if "redis" in extras and (os.environ.get("DEPECHE_REDIS_URL") or shutil.which("redis-server")):
            extras.discard("redis")
        if "worker" in extras and os.environ.get("DEPECHE_ENGINE") == "ctranslate2":
            extras.add("ctranslate2")
        fingerprint = _fingerprint()
        installed = _installed()
        if installed is not None and installed.fingerprint == fingerprint:
            if extras <= installed.extras:
                return
            extras |= installed.extras
        STAMP.unlink(missing_ok=True)  # an installation that breaks off has changed who knows what
        _make_venv()
        _install(sorted(extras))
        STAMP.write_text(json.dumps({"fingerprint": fingerprint, "extras": sorted(extras)}))


@contextmanager
def _lock() -> Iterator[None]:
    """One installation at a time, however many scripts start at once."""
    name = hashlib.sha256(str(ROOT).encode()).hexdigest()[:16]
    with open(Path(tempfile.gettempdir()) / f"depeche-{os.getuid()}-{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{platform.python_version()} {ROOT}".encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Stamp:
    """What the environment holds: the extras, installed from these versions of the files that name them."""

    fingerprint: str
    extras: frozenset[str]


def _installed() -> _Stamp | None:
    try:
        stamp = json.loads(STAMP.read_text())
        return _Stamp(str(stamp["fingerprint"]), frozenset(stamp["extras"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _make_venv() -> None:
    if _venv_works():
        return
    _say(f"making a virtual environment in {VENV}")
    try:
        venv.create(VENV, with_pip=True, clear=VENV.exists())
    except subprocess.CalledProcessError:
        sys.exit("Python can't make virtual environments here. On Debian and Ubuntu: apt install python3-venv")


def _venv_works() -> bool:
    """Whether it is there, was made where it stands now, and by a Python like this one: its programs name its path."""
    try:
        configuration = (VENV / "pyvenv.cfg").read_text()
        pip = (VENV / "bin" / "pip").read_text().splitlines()[:2]
    except (OSError, UnicodeDecodeError):
        return False
    version = re.search(r"^version(?:_info)? *= *(\d+)\.(\d+)", configuration, re.MULTILINE)
    if version is None or (int(version[1]), int(version[2])) != sys.version_info[:2]:
        return False
    return (VENV / "bin" / "python").exists() and any(f"{VENV}/bin/" in line for line in pip)


def _install(extras: list[str]) -> None:
    torch = _torch_requirement() if "worker" in extras else None
    if torch and not _has_gpu() and not _torch_installed(torch):
        _install_cpu_torch(torch)
    project = f"{ROOT}[{','.join(extras)}]"
    arguments = ["-c", str(ROOT / "constraints.txt"), "-e", project]
    _say(f"installing {', '.join(extras)}: {_download_size(arguments)} to download")
    _pip("install", *arguments)


def _torch_requirement() -> str:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line.startswith("torch=="):
            return line.split("#")[0].strip()
    sys.exit("constraints.txt does not pin torch")


def _has_gpu() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def _torch_installed(requirement: str) -> bool:
    """Whether the environment has this very version, of whatever build."""
    code = "import importlib.metadata as m, sys; sys.exit(m.version('torch').split('+')[0] != sys.argv[1])"
    version = requirement.removeprefix("torch==")
    return subprocess.run([VENV / "bin" / "python", "-c", code, version], stderr=subprocess.DEVNULL).returncode == 0


def _install_cpu_torch(requirement: str) -> None:
    """A build without CUDA, which is smaller by gigabytes: a local wheel, else torch's own index, else the default."""
    sources = (
        ("a local wheel", ["--no-index", "--no-deps", requirement]),
        ("torch's index of CPU builds", ["--index-url", CPU_INDEX, "--no-deps", requirement]),
    )
    for name, arguments in sources:
        if _resolves(arguments):
            _say(f"installing {requirement} for the processor from {name}: {_download_size(arguments)} to download")
            _pip("install", *arguments)
            return
    _say(
        f"no CPU build of {requirement} was found: the default one follows, which may bring gigabytes of CUDA packages"
    )


def _resolves(arguments: list[str]) -> bool:
    command = [
        str(VENV / "bin" / "pip"),
        "install",
        "--quiet",
        "--dry-run",
        "--retries",
        "0",
        "--timeout",
        "10",
        *arguments,
    ]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def _download_size(arguments: list[str]) -> str:
    """What pip would fetch, in words; files that are on this machine count for nothing."""
    command = [str(VENV / "bin" / "pip"), "install", "--quiet", "--dry-run", "--report", "-", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(f"pip can't find all packages:\n{answer.stderr.strip()}")
    urls = [item["download_info"]["url"] for item in json.loads(answer.stdout)["install"]]
    remote = [url for url in urls if not url.startswith("file:")]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(_size, remote))
    megabytes = sum(size for size in sizes if size) / 1e6
    unknown = sum(size is None for size in sizes)
    if not unknown:
        return f"{megabytes:.0f} MB"
    return f"at least {megabytes:.0f} MB" if megabytes else f"{len(remote)} packages of unknown size"


def _size(url: str) -> int | None:
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        return None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=10) as answer:  # noqa: S310
            return int(answer.headers["Content-Length"])
    except (OSError, http.client.HTTPException, TypeError, ValueError):
        return None


def _pip(*arguments: str) -> None:
    """Runs pip in silence; what it printed is shown only where it fails."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", *arguments]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if answer.returncode != 0:
        sys.exit(f"{answer.stdout}\nThe installation failed; pip says why above. Nothing was started.")


def _say(message: str) -> None:
    print(f"depeche: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
