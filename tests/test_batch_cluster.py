"""`inr batch --scheduler` on a real Dask cluster on loopback, whose workers and scheduler are killed."""

import contextlib
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future

import psutil
import pytest
from helpers.batches import (
    SLOW,
    AtOnce,
    check_whole,
    files,
    finish,
    finished,
    make_pictures,
    models,
    start,
    wait_finished,
    wait_for,
)
from helpers.commands import run

import inr
from inr.batch.cluster import Call, Cluster
from inr.batch.task import Settings, Task
from inr.errors import WorkerWarning


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

    def _start(self, what, *arguments, **environment):
        program = [sys.executable, "-m", "dask", what, *map(str, arguments), "--no-dashboard"]
        process = subprocess.Popen(
            program, stdout=self._log, stderr=self._log, start_new_session=True, env={**os.environ, **environment}
        )
        self._started.append(process)
        return process

    @contextlib.contextmanager
    def another_worker(self, path):
        """One more worker, with a path of its own to import from."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            before = set(client.nthreads())
            options = ("--nthreads", "1", "--no-nanny", "--local-directory", path)
            process = self._start("worker", self.address, *options, PYTHONPATH=str(path))
            (name,) = wait_for(lambda: set(client.nthreads()) - before, "worker")
            yield name
            assert name in client.nthreads(), "it did not live on"
            process.terminate()
            process.wait()
            self._started.remove(process)
            wait_for(lambda: set(client.nthreads()) == before, "worker less")

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


def test_a_worker_without_this_program_is_named_before_anything_is_given_out(cluster, photos, tmp_path):
    """And it lives on, for whoever else uses the cluster."""
    from distributed import Client

    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.metadata as metadata, sys\n"
        "class Lacking:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'inr':\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Lacking())\n"
        "there = metadata.version\n"
        "def version(name):\n"
        "    if name == 'inr':\n"
        "        raise metadata.PackageNotFoundError(name)\n"
        "    return there(name)\n"
        "metadata.version = version\n"
    )
    folder, _ = photos
    with cluster.another_worker(tmp_path) as name:
        for _ in range(2):
            out = tmp_path / "out"
            stdout, stderr = finish(start(folder / "in", "--out", out, "--scheduler", cluster.address, *SLOW), 1)
            assert stdout == "" and not out.exists()
            assert f"worker {name} has no inr; install it where its Python is: pip install 'inr[cluster]'." in stderr
        task = Task(image="a", path=tmp_path, data=b"", sha256="", key="", settings=Settings(config=inr.configure()))
        with Client(cluster.address, set_as_default=False) as client:  # as if it had come after the check
            given = client.submit(pickle.loads, pickle.dumps(Call(task)), workers=[name])
            assert given.exception(timeout=30).name == "inr"


def test_a_worker_with_another_torch_is_named(cluster, photos, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.metadata as metadata\n"
        "there = metadata.version\n"
        "metadata.version = lambda name: '1.0+cpu' if name == 'torch' else there(name)\n"
    )
    with cluster.another_worker(tmp_path) as name, pytest.warns(WorkerWarning, match=f"worker {name} has torch 1.0, "):
        Cluster(cluster.address).close()


def test_a_gpu_is_asked_for_and_no_worker_has_one(cluster, photos, tmp_path):
    process = start(photos[0] / "in", "--out", tmp_path, "--scheduler", cluster.address, "--device", "cuda", *SLOW)
    said = process.stderr.readline()
    process.terminate()
    process.communicate(timeout=60)
    assert said == "Warning: the cluster has no worker with --resources GPU=1; waiting for one.\n"


def test_a_workers_address_is_not_a_schedulers(cluster, photos, tmp_path):
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        address = next(iter(client.nthreads()))
    done = run("batch", photos[0] / "in", "--out", tmp_path / "out", "--scheduler", address, code=1)
    assert "no Dask scheduler answers at" in done.stderr


def test_a_lost_scheduler_ends_the_run_and_going_on_completes_it(cluster, photos):
    folder, names = photos
    arguments = (folder / "in", "--out", folder / "lost", *SLOW)
    process = start(*arguments, "--scheduler", cluster.address)
    wait_finished(folder / "lost", 2)
    os.kill(cluster.scheduler.pid, signal.SIGKILL)
    _, stderr = finish(process, 1)
    assert "the cluster's scheduler is gone" in stderr and "the same command goes on" in stderr
    models_done = [folder / "lost" / f"{name}.inr" for name in finished(folder / "lost") if name != "bad.png"]
    before = {path: path.stat().st_mtime_ns for path in models_done}
    assert before
    finish(start(*arguments, "--jobs", "2"), 1)
    check_whole(folder / "lost", names)
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())
    assert models(folder / "lost") == models(folder / "local")


class Lacking(AtOnce):
    """Workers that came after the check, and find out within a task what they lack."""

    def submit(self, task):
        future = Future()
        future.set_exception(ModuleNotFoundError("No module named 'torch'", name="torch"))
        return future


def test_a_worker_that_finds_out_later_what_it_lacks_ends_the_run_and_keeps_no_failure(tmp_path, monkeypatch):
    monkeypatch.setattr("inr.batch.local.LocalWorkers", Lacking)
    make_pictures(tmp_path / "in", 2)
    done = run("batch", tmp_path / "in", "--out", tmp_path / "out", *SLOW, code=1)
    assert done.stderr == "Error: a worker has no torch; install it where its Python is: pip install torch.\n"
    assert finished(tmp_path / "out") == [] and files(tmp_path / "out") == ["batch.jsonl"]


def test_a_cluster_without_a_worker_is_said_once(tmp_path, monkeypatch):
    class Empty(AtOnce):
        awaited = "worker"

    monkeypatch.setattr("inr.batch.local.LocalWorkers", Empty)
    make_pictures(tmp_path / "in", 3)
    done = run("batch", tmp_path / "in", "--out", tmp_path / "out", *SLOW[:-1], "2", "--quiet")
    assert done.stderr == "Warning: the cluster has no worker; waiting for one.\n" and done.stdout == ""


ANSWERS = {"silence": None, "nothing": b"", "web": b"HTTP/1.1 400 Bad Request\r\n\r\n", "shell": b"SSH-2.0-x\r\n"}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_whatever_answers_at_a_wrong_address_it_is_one_sentence(tmp_path, monkeypatch, answer):
    """And no client is left that gives up, with a traceback, when the sentence is long said."""
    pytest.importorskip("distributed", reason="the extra inr[cluster] is not installed")
    monkeypatch.setattr("inr.batch.cluster.PATIENCE", 0.5)
    monkeypatch.setattr("distributed.Client", None)  # nobody makes one
    make_pictures(tmp_path / "in", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError), contextlib.ExitStack() as held:
                while True:
                    other = held.enter_context(server.accept()[0])
                    if answer is not None:
                        other.sendall(answer)
                        other.close()

        threading.Thread(target=serve, daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        done = run("batch", tmp_path / "in", "--out", tmp_path / "out", "--scheduler", address, code=1)
        assert done.stderr.startswith(f"Error: no Dask scheduler answers at '{address}';")
        assert len(done.stderr.splitlines()) == 1 and files(tmp_path) == ["in/p000.png"]
