"""Devices of a real Ray cluster, of two nodes on this machine: jobs through their hosts."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from hwnas.core.errors import ConfigError, DeviceError
from hwnas.core.listener import Silent
from hwnas.devices.answers import Facts, RoundEnd, TargetVisit
from hwnas.devices.device import Device
from hwnas.devices.hosts import THIS_MACHINE, Hosts, held, joined_hosts, ray_hosts, where
from hwnas.devices.location import HERE, Place
from hwnas.devices.stopping import stopped_by
from hwnas.devices.target import Round, Target, open_target
from hwnas.networks.blocks import ConvBlock
from hwnas.networks.graph import build_graph
from tests.ray_cluster import ELSEWHERE, THIRD, RayCluster, raylet_of, runs

FAR = Device(name="far")
GRAPH = build_graph([ConvBlock(3, 8, 3, 2, "relu", 16)]).SerializeToString()
# Of an hour, with the rests of `marking`: it ends only when it is ended.
LONG = [Round(number, ["a"]) for number in range(10**4)]


class Heard(Silent):
    """Keeps what is said, and tells who waits for it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.something = threading.Event()

    def say(self, text: str) -> None:
        self.said.append(text)
        self.something.set()


@pytest.fixture
def hosts(ray_cluster: RayCluster) -> Iterator[Hosts]:
    with joined_hosts(ray_cluster.address) as hosts:
        yield hosts


def marking(name: str, folder: Path, what: str) -> Device:
    """A device whose agent writes what a shell makes of `what` to a file, before it begins.

    It rests before each round.
    """
    python = folder / "python"
    python.write_text(f'#!/bin/sh\necho {what} >> {folder}/marks\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return Device(name=name, python=str(python), rest_s=0.4)


def visits(target: Target) -> list[Any]:
    target.add("a", GRAPH)
    return list(target.run([Round(0, ["a", "a"])], least_runs=3, least_ms=0.0))


def in_thread(what: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=what)
    thread.start()
    return thread


def test_a_job_goes_where_its_device_is(
    ray_cluster: RayCluster, hosts: Hosts, tmp_path: Path
) -> None:
    device = marking("far", tmp_path, "$RAY_RAYLET_PID $PWD")
    with hosts.reaching(device, Heard()) as there, open_target(there) as target:
        answers = visits(target)
        assert target.agent == "python"
        assert target.facts("a").agent == "python"
    assert [type(one) for one in answers] == [Facts, TargetVisit, TargetVisit, RoundEnd]
    places = {tuple(line.split()) for line in (tmp_path / "marks").read_text().splitlines()}
    ((raylet, folder),) = places
    assert int(raylet) == raylet_of(ray_cluster.other)
    assert not Path(folder).exists()


def test_where_each_is_measured_is_one_sentence(hosts: Hosts) -> None:
    devices = [Device(name=name) for name in ("far", "farther", "near", "mine")]
    host = f"the host {os.uname().nodename}"
    assert (
        where(hosts, devices) == f"{host} measures far, farther, near; this machine measures mine"
    )
    assert [hosts.place(one) for one in devices] == [
        Place(host, ELSEWHERE),
        Place(host, ELSEWHERE),
        Place(host, ""),
        HERE,
    ]
    assert where(THIS_MACHINE, devices[:2]) == "this machine measures far, farther"


def test_a_device_of_no_host_is_measured_from_here(hosts: Hosts) -> None:
    mine = Device(name="mine")
    with hosts.reaching(mine, Heard()) as there:
        assert there is mine


def test_what_fails_there_is_one_sentence_with_the_host(hosts: Hosts) -> None:
    host = rf"the host {os.uname().nodename}: "
    with hosts.reaching(FAR, Heard()) as there, open_target(there) as target:
        target.add("bad", b"no model")
        with pytest.raises(DeviceError, match=host + r"timing on .*cannot load [0-9a-f]+\.onnx"):
            list(target.run([Round(0, ["bad"])], least_runs=1, least_ms=0.0))
        assert len(visits(target)) == 4  # and the next job runs
    gone = Device(name="far", python="/nowhere/python3")
    with hosts.reaching(gone, Heard()) as there, open_target(there) as target:
        target.add("a", GRAPH)
        with pytest.raises(DeviceError, match=host + "far has no /nowhere/python3: install it"):
            target.facts("a")


def test_a_bundle_that_the_host_lacks_is_said(hosts: Hosts) -> None:
    native = Device(name="far", agent="native", bundle="/nowhere/bundle")
    with hosts.reaching(native, Heard()) as there, pytest.raises(DeviceError, match="/nowhere/"):
        open_target(there).__enter__()


def test_a_device_never_runs_two_jobs_and_who_waits_says_so(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "_PATIENCE_S", 0.0)
    heard, order = Heard(), list[str]()

    def second() -> None:
        with hosts.reaching(FAR, heard):
            order.append("second")

    with hosts.reaching(FAR, Heard()) as there:
        thread = in_thread(second)
        assert heard.something.wait(600)
        with open_target(there) as target:
            visits(target)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    (sentence,) = heard.said
    assert sentence.startswith(
        "waiting for far: another job of the Ray cluster has it, or the host"
    )


def test_a_thread_that_is_stopped_ends_its_job_on_the_host(hosts: Hosts, tmp_path: Path) -> None:
    device, stop, found = marking("far", tmp_path, "$$ $PWD"), threading.Event(), list[object]()

    def measure() -> None:
        try:
            with (
                stopped_by(stop),
                hosts.reaching(device, Heard()) as there,
                open_target(there) as target,
            ):
                target.add("a", GRAPH)
                for answer in target.run(LONG, least_runs=1, least_ms=0.0):
                    if isinstance(answer, RoundEnd):
                        stop.set()
        except KeyboardInterrupt:
            found.append("stopped")

    in_thread(measure).join()
    assert found == ["stopped"]
    process, folder = (tmp_path / "marks").read_text().split()
    assert not psutil.pid_exists(int(process))
    assert not Path(folder).exists()


def test_a_job_that_is_left_is_ended_before_the_next(hosts: Hosts, tmp_path: Path) -> None:
    device = marking("far", tmp_path, "$$")
    with hosts.reaching(device, Heard()) as there, open_target(there) as target:
        target.add("a", GRAPH)
        job = target.run(LONG, least_runs=1, least_ms=0.0)
        while not isinstance(next(job), RoundEnd):
            pass
        job.close()  # type: ignore[attr-defined]
        (process,) = (tmp_path / "marks").read_text().split()
        assert not psutil.pid_exists(int(process))
        assert len(visits(target)) == 4


def test_a_process_of_the_host_that_dies_is_one_sentence(hosts: Hosts, tmp_path: Path) -> None:
    device = marking("far", tmp_path, "$PPID")
    with hosts.reaching(device, Heard()) as there, open_target(there) as target:
        target.add("a", GRAPH)
        job = target.run(LONG, least_runs=1, least_ms=0.0)
        next(job)
        psutil.Process(int((tmp_path / "marks").read_text())).kill()
        # On a busy machine Ray learns of a death only after the connection has ended.
        lost = r"(held far on the host .* died|, which has far, does not answer any more); what was"
        with pytest.raises(DeviceError, match=lost):
            list(job)
    with hosts.reaching(device, Heard()) as there, open_target(there) as target:
        assert len(visits(target)) == 4


def test_a_host_that_leaves_is_one_sentence(ray_cluster: RayCluster) -> None:
    with (
        ray_cluster.node({"device:leaving": 1}) as node,
        joined_hosts(ray_cluster.address) as hosts,
        hosts.reaching(Device(name="leaving", rest_s=0.4), Heard()) as there,
        open_target(there) as target,
    ):
        target.add("a", GRAPH)
        job = target.run(LONG, least_runs=1, least_ms=0.0)
        next(job)
        ray_cluster.kill(node)
        with pytest.raises(
            DeviceError, match=r"the host .* which has leaving, .*run the same comm"
        ):
            list(job)


def test_that_a_host_which_leaves_ends_the_agent_first_is_no_fault_of_the_device(
    ray_cluster: RayCluster, tmp_path: Path
) -> None:
    device = marking("leaving", tmp_path, "$$")
    with (
        ray_cluster.node({"device:leaving": 1}) as node,
        joined_hosts(ray_cluster.address) as hosts,
        hosts.reaching(device, Heard()) as there,
        open_target(there) as target,
    ):
        target.add("a", GRAPH)
        job = target.run(LONG, least_runs=1, least_ms=0.0)
        next(job)
        raylet = psutil.Process(raylet_of(node))
        raylet.kill()
        while runs(raylet):
            time.sleep(0.01)
        psutil.Process(int((tmp_path / "marks").read_text())).kill()
        with pytest.raises(
            DeviceError, match=r"the host .* which has leaving, .*run the same comm"
        ):
            list(job)


def test_a_device_that_two_hosts_have_or_one_has_twice_is_refused(ray_cluster: RayCluster) -> None:
    with (
        ray_cluster.node({"device:far": 1, "device:twin": 2}, THIRD),
        joined_hosts(ray_cluster.address) as hosts,
    ):
        with pytest.raises(ConfigError, match="all have the resource 'device:far' of the Ray cl"):
            hosts.place(FAR)
        with pytest.raises(ConfigError, match="has 2 of the resource 'device:twin', and a device"):
            hosts.place(Device(name="twin"))


def test_a_host_that_was_started_again_is_waited_for(
    ray_cluster: RayCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_hosts, "_NOTICED_S", 600.0)  # however busy the machine is
    device, places = Device(name="again"), list[Place]()
    resource = {"device:again": 1.0}
    with (
        ray_cluster.node(resource) as dying,
        ray_cluster.node(resource),
        joined_hosts(ray_cluster.address) as hosts,
    ):
        thread = in_thread(lambda: places.append(hosts.place(device)))
        ray_cluster.kill(dying)
        thread.join()
    (place,) = places
    assert place.machine == ELSEWHERE


def test_the_client_of_ray_is_refused_before_it_is_tried() -> None:
    with pytest.raises(ConfigError, match=r"Ray's client \(ray://\) does not carry"):
        joined_hosts("ray://127.0.0.1:10001").__enter__()
