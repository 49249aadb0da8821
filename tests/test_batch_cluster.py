"""`inr batch --scheduler` on a real Dask cluster on loopback, whose workers and scheduler are killed."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from batches import SLOW, check_whole, finish, finished, make_pictures, models, start, wait_finished, wait_for


class LoopbackCluster:
    """One scheduler and two workers of one thread with their nannies, started as in the README."""

    def __init__(self, folder):
        self._started = []
        self._log = (folder / "dask.log").open("w")
        where = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", where)
        self.address = json.loads(wait_for(lambda: where.exists() and where.read_text(), "scheduler"))["address"]
        options = ("--nthreads", "1", "--nworkers", "2", "--local-directory", folder)
        self.nannies = self._start("worker", self.address, *options)
        wait_for(lambda: len(self.workers()) == 2, "two workers")

    def _start(self, what, *arguments):
        program = [sys.executable, "-m", "dask", what, *map(str, arguments), "--no-dashboard"]
        process = subprocess.Popen(program, stdout=self._log, stderr=self._log, start_new_session=True)
        self._started.append(process)
        return process

    def workers(self):
        children = psutil.Process(self.nannies.pid).children()
        return [child for child in children if any("spawn_main" in word for word in child.cmdline())]

    def close(self):
        for process in self._started:
            for child in (*psutil.Process(process.pid).children(recursive=True), process):
                child.kill()
            process.wait()
        self._log.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    pytest.importorskip("distributed", reason="the extra inr[cluster] is not installed")
    running = LoopbackCluster(tmp_path_factory.mktemp("dask"))
    yield running
    running.close()


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Pictures, one of them broken, and what a run on this machine makes of them."""
    folder = tmp_path_factory.mktemp("photos")
    names = make_pictures(folder / "in", 6)
    (folder / "in" / "bad.png").write_bytes(b"hello")
    finish(start(folder / "in", "--out", folder / "local", "--jobs", "2", *SLOW), 1)
    check_whole(folder / "local", names)
    return folder, names


def test_a_lost_worker_costs_nothing_and_the_bytes_are_those_of_a_local_run(cluster, photos):
    folder, names = photos
    process = start(folder / "in", "--out", folder / "bytes", "--scheduler", cluster.address, *SLOW)
    wait_finished(folder / "bytes", 2)
    cluster.workers()[0].kill()
    stdout, _ = finish(process, 1)
    assert "bad.png" in stdout and "no picture this program can read" in stdout and "/inr-" not in stdout
    check_whole(folder / "bytes", names)
    assert models(folder / "bytes") == models(folder / "local")


def test_shared_folders_are_written_by_the_workers(cluster, photos):
    folder, names = photos
    process = start(folder / "in", "--out", folder / "shared", "--scheduler", cluster.address, "--shared", *SLOW)
    finish(process, 1)
    check_whole(folder / "shared", names)
    assert models(folder / "shared") == models(folder / "local")


def test_a_lost_scheduler_ends_the_run_and_going_on_completes_it(cluster, photos):
    folder, names = photos
    arguments = (folder / "in", "--out", folder / "lost", *SLOW)
    process = start(*arguments, "--scheduler", cluster.address)
    wait_finished(folder / "lost", 2)
    os.kill(cluster.scheduler.pid, signal.SIGKILL)
    began = time.monotonic()
    _, stderr = finish(process, 1)
    assert "the cluster's scheduler is gone" in stderr and "the same command goes on" in stderr
    assert time.monotonic() - began < 30
    models_done = [folder / "lost" / f"{name}.inr" for name in finished(folder / "lost") if name != "bad.png"]
    before = {path: path.stat().st_mtime_ns for path in models_done}
    assert before
    finish(start(*arguments, "--jobs", "2"), 1)
    check_whole(folder / "lost", names)
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())
    assert models(folder / "lost") == models(folder / "local")
