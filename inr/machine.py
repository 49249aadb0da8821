"""The system's own files -> what this process may use: memory and processors, within the limits of its containers.

Linux alone tells; elsewhere nothing is known of memory, and all processors are there to be used. A container is a
control group, of version 2 or 1, in the groups around it: the tightest limit on the way counts. Every function takes
the root of the file system, so that a test can lay down one of its own.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path

GIB = 1 << 30
_ROOT = Path("/")


def memory_used(root: Path = _ROOT) -> int | None:
    """Return the bytes of memory that this process holds, or None where the system does not say."""
    resident = _fields(root / "proc/self/status").get("VmRSS:")
    return None if resident is None else resident * 1024


def memory_free(root: Path = _ROOT) -> int | None:
    """Return the bytes that this process may still take before it, or another, is killed, or None if unknown.

    What files have left in memory, and has not been used lately, counts as free: the system drops it when asked.
    """
    free = []
    available = _fields(root / "proc/meminfo").get("MemAvailable:")
    if available is not None:
        free.append(available * 1024)
    for group in _groups("memory", root):
        limits = [_number(group / name) for name in ("memory.max", "memory.high", "memory.limit_in_bytes")]
        used = _number(group / "memory.current") or _number(group / "memory.usage_in_bytes")
        known = [limit for limit in limits if limit is not None]
        if known and used is not None:
            stat = _fields(group / "memory.stat")
            idle = stat.get("total_inactive_file", stat.get("inactive_file", 0))
            free.append(max(0, min(known) - used + idle))
    return min(free, default=None)


def memory_kills(root: Path = _ROOT) -> int | None:
    """Return how many processes were killed for lack of memory, here or in the groups around, or None if unknown."""
    counts = [_fields(root / "proc/vmstat").get("oom_kill")]
    for group in _groups("memory", root):
        counts += [_fields(group / name).get("oom_kill") for name in ("memory.events", "memory.oom_control")]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def processors(root: Path = _ROOT) -> int:
    """Return the processors this process may use: those it is bound to, or as many as its time is worth, rounded up."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for group in _groups("cpu", root):
        quota, _, period = _text(group / "cpu.max").partition(" ")
        quota, period = (
            quota or _text(group / "cpu.cfs_quota_us"),
            period or _text(group / "cpu.cfs_period_us"),
        )
        if quota.isdecimal() and period.isdecimal() and int(period):  # "max" and -1 are no limit
            count = min(count, max(1, math.ceil(int(quota) / int(period))))
    return count


def _groups(controller: str, root: Path) -> Iterator[Path]:
    """Yield the folders of this process's control groups, its own and those around it, that limit a resource.

    Seen from inside a container, its own group may be at the top, or have the name that it has outside and no folder.
    """
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2) if line.count(":") > 1 else ("", "?", "")
        if controllers and controller not in controllers.split(","):
            continue
        top = root / "sys/fs/cgroup" / (controller if controllers else "")
        group = top / path.lstrip("/")
        if ".." in group.parts:  # outside of what is seen here
            group = top
        while True:
            yield group
            if group == top:
                break
            group = group.parent


def _fields(path: Path) -> dict[str, int]:
    """Return the numbers of a file of lines such as `VmRSS:  1234 kB`."""
    words = (line.split() for line in _text(path).splitlines())
    return {word[0]: int(word[1]) for word in words if len(word) > 1 and word[1].isdecimal()}


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isdecimal() else None


def _text(path: Path) -> str:
    """Return the text of a small file; empty if there is none, or it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
