"""What a process may use, read from files laid down as the system lays them in containers of both versions."""

import os

import pytest

from inr.machine import memory_free, memory_kills, memory_used, processors

MIB = 1 << 20


def lay(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def machine(root, **files):
    """Lay down a machine with 4,000 MiB free, on which this process holds 100."""
    return lay(
        root,
        {
            "proc/meminfo": f"MemTotal: 8000000 kB\nMemAvailable: {4000 * 1024} kB\n",
            "proc/self/status": f"Name: python\nVmRSS:\t{100 * 1024} kB\n",
            "proc/self/cgroup": "0::/\n",
            **files,
        },
    )


def group(limit="max", used=0, idle=0, folder="", **more):
    """Return the memory files of a control group of version 2."""
    base = f"sys/fs/cgroup/{folder}"
    return {
        f"{base}memory.max": f"{limit}\n",
        f"{base}memory.current": f"{used}\n",
        f"{base}memory.stat": f"anon 1\ninactive_file {idle}\n",
        **{base + name.replace("_", "."): text for name, text in more.items()},
    }


def test_without_a_container_the_machine_s_free_memory_counts(tmp_path):
    root = machine(tmp_path)
    assert memory_free(root) == 4000 * MIB and memory_used(root) == 100 * MIB


def test_where_the_system_does_not_say_nothing_is_known(tmp_path):
    assert memory_free(tmp_path) is None and memory_used(tmp_path) is None
    assert processors(tmp_path) >= 1


def test_a_limit_of_version_2_less_what_its_group_holds_but_not_idle_file_pages(tmp_path):
    root = machine(tmp_path, **group(1000 * MIB, 600 * MIB, 200 * MIB))
    assert memory_free(root) == 600 * MIB


def test_no_limit_and_one_above_the_machine_s_own_memory(tmp_path):
    assert memory_free(machine(tmp_path / "a", **group("max", 600 * MIB))) == 4000 * MIB
    assert memory_free(machine(tmp_path / "b", **group(9000 * MIB, 600 * MIB))) == 4000 * MIB


def test_the_tightest_group_on_the_way_up_counts(tmp_path):
    files = {**group(900 * MIB, 100 * MIB, folder="a/"), **group("max", 100 * MIB, folder="a/b/")}
    root = machine(tmp_path, **files, **{"proc/self/cgroup": "0::/a/b\n"})
    assert memory_free(root) == 800 * MIB


def test_the_mark_above_which_a_group_is_throttled_is_a_limit(tmp_path):
    root = machine(tmp_path, **group(900 * MIB, 100 * MIB, memory_high=f"{500 * MIB}\n"))
    assert memory_free(root) == 400 * MIB


def test_a_group_over_its_limit_has_nothing_free(tmp_path):
    assert memory_free(machine(tmp_path, **group(500 * MIB, 600 * MIB))) == 0


@pytest.mark.parametrize("path", ["/docker/4f", "/"])
def test_a_limit_of_version_1_by_its_own_name_or_at_the_top(tmp_path, path):
    """Seen from inside, the container's own folder is mounted at the top, under whatever name it has outside."""
    root = machine(
        tmp_path,
        **{
            "proc/self/cgroup": f"5:memory:{path}\n4:cpu,cpuacct:{path}\n0::/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{700 * MIB}\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{300 * MIB}\n",
            "sys/fs/cgroup/memory/memory.stat": f"cache 9\ninactive_file 1\ntotal_inactive_file {100 * MIB}\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
    )
    assert memory_free(root) == 500 * MIB
    assert processors(root) == 1


def test_version_1_without_a_limit(tmp_path):
    root = machine(
        tmp_path,
        **{
            "proc/self/cgroup": "5:memory:/\n4:cpu:/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "1000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
    )
    assert memory_free(root) == 4000 * MIB


def test_processes_killed_for_lack_of_memory_are_counted(tmp_path):
    assert memory_kills(tmp_path) is None
    files = {"proc/self/cgroup": "0::/a\n", "proc/vmstat": "nr_free_pages 7\noom_kill 0\n"}
    root = machine(tmp_path, **files, **{"sys/fs/cgroup/a/memory.events": "oom 3\noom_kill 2\n"})
    assert memory_kills(root) == 2
    older = {"proc/self/cgroup": "5:memory:/a\n", "sys/fs/cgroup/memory/memory.oom_control": "oom_kill 4\n"}
    assert memory_kills(machine(tmp_path / "older", **older)) == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max 100000", 8),
        ("50000 100000", 1),
        ("100000 100000", 1),
        ("150000 100000", 2),
        ("1600000 100000", 8),
        ("", 8),
    ],
)
def test_quotas_of_processor_time(tmp_path, monkeypatch, text, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert processors(machine(tmp_path, **{"sys/fs/cgroup/cpu.max": text + "\n"})) == expected


def test_the_tightest_quota_on_the_way_up_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    files = {"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "300000 100000\n"}
    assert processors(machine(tmp_path, **files, **{"sys/fs/cgroup/a/b/cpu.max": "max 100000\n"})) == 3


def test_processors_that_a_process_is_bound_to(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert processors(machine(tmp_path)) == 2


@pytest.mark.parametrize("line", ["0::/../../outside", "0::/gone", "nonsense", "1:name=systemd:/x", "\x00"])
def test_a_group_that_is_not_seen_from_here(tmp_path, line):
    root = machine(tmp_path, **group(1000 * MIB, 100 * MIB), **{"proc/self/cgroup": line + "\n"})
    assert memory_free(root) == (900 * MIB if line.startswith("0::") else 4000 * MIB)
