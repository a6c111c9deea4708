"""Memory of processes, from Linux's `/proc`."""

from pathlib import Path


def family(pid: int) -> list[int]:
    """The process and all that it has started, its children's children too."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in family(int(child)))]


def resident_mb(pid: int) -> float:
    """What a process has in memory, in MB of 2**20 bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))
