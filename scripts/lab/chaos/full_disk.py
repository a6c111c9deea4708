"""A disk that is full when it should be: a small tmpfs where mounting is allowed, else a limit on the size of Redis's files."""

import resource
import subprocess
import tempfile
from pathlib import Path

#: Bytes of the small file system.
_BYTES = 48 * 2**20

#: Bytes that Redis may still write before its limit is reached.
_LEFT_BYTES = 2_000


class FullDisk:
    """The folder of one Redis. `how` says by which means it is filled."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="depeche-chaos-disk-"))
        self._full = False
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={_BYTES},mode=700", "none", str(self.folder)], capture_output=True
        )
        self._mounted = mounted.returncode == 0
        self.how = "a full tmpfs" if self._mounted else "RLIMIT_FSIZE"

    def fill(self, pid: int) -> None:
        """From now on the Redis of this process number finds no room."""
        self._full = True
        if not self._mounted:
            self.limit(pid)
            return
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            block = bytes(65_536)
            try:
                while True:
                    ballast.write(block)
            except OSError:
                return

    def limit(self, pid: int) -> None:
        """Without a file system of its own a Redis that starts while the disk is full gets the limit as well."""
        if self._mounted or not self._full:
            return
        size = max((path.stat().st_size for path in self.folder.rglob("*.aof")), default=0)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size + _LEFT_BYTES, resource.RLIM_INFINITY))

    def free(self, pid: int) -> None:
        """Makes room again; also for the Redis of this process number, if it is still there."""
        self._full = False
        if self._mounted:
            (self.folder / "ballast").unlink(missing_ok=True)
            return
        try:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (ProcessLookupError, ValueError):
            return

    def close(self) -> None:
        """Removes it, after Redis has ended."""
        if self._mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], capture_output=True, check=False)
        for path in sorted(self.folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        self.folder.rmdir()
