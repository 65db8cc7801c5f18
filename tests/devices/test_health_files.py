"""Settings of a system that make timings unreliable, read from its files."""

from pathlib import Path
from typing import Any

import pytest

from hwnas.devices.health_files import system_findings

CPUS = "sys/devices/system/cpu"


def tree(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


def of_files(name: str, root: Path, cores: tuple[int, ...] = (0, 1)) -> dict[str, Any]:
    return next(one for one in system_findings(cores, 1, root) if one["name"] == name)


@pytest.mark.parametrize(
    ("name", "files", "value", "advice"),
    [
        (
            "governor",
            {
                f"{CPUS}/cpu0/cpufreq/scaling_governor": "performance",
                f"{CPUS}/cpu1/cpufreq/scaling_governor": "powersave",
            },
            "performance, powersave",
            "run 'echo performance | sudo tee "
            "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor'",
        ),
        (
            "turbo",
            {f"{CPUS}/intel_pstate/no_turbo": "0"},
            "on",
            "run 'echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo'",
        ),
        (
            "turbo",
            {f"{CPUS}/cpufreq/boost": "1"},
            "on",
            "run 'echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost'",
        ),
        (
            "clock under load",
            {
                f"{CPUS}/cpu0/cpufreq/scaling_cur_freq": "600000",
                f"{CPUS}/cpu0/cpufreq/scaling_max_freq": "1800000",
                f"{CPUS}/cpu1/cpufreq/scaling_cur_freq": "1000000",
                f"{CPUS}/cpu1/cpufreq/cpuinfo_max_freq": "1800000",
            },
            "1000 of 1800 MHz",
            "let it cool",
        ),
        ("virtual machine", {"proc/cpuinfo": "flags\t\t: fpu hypervisor"}, "yes", "measure on a"),
        ("virtual machine", {"sys/hypervisor/type": "xen"}, "yes", "measure on a machine"),
        (
            "quota of processor time",
            {
                "proc/self/cgroup": "0::/inner",
                "sys/fs/cgroup/cpu.max": "150000 100000",
                "sys/fs/cgroup/inner/cpu.max": "max 100000",
            },
            "1.5 cores",
            "'docker run --cpus=2'",
        ),
        (
            "quota of processor time",
            {
                "proc/self/cgroup": "3:memory:/m\n1:cpu,cpuacct:/c",
                "sys/fs/cgroup/cpu/c/cpu.cfs_quota_us": "50000",
                "sys/fs/cgroup/cpu/c/cpu.cfs_period_us": "100000",
            },
            "0.5 cores",
            "'docker run --cpus=2'",
        ),
    ],
)
def test_a_setting_that_disturbs_is_found_with_how_to_fix_it(
    tmp_path: Path, name: str, files: dict[str, str], value: str, advice: str
) -> None:
    found = of_files(name, tree(tmp_path, **files))
    assert found["value"] == value
    assert not found["ok"]
    assert advice in found["advice"]


@pytest.mark.parametrize(
    ("name", "files", "value"),
    [
        ("governor", {f"{CPUS}/cpu0/cpufreq/scaling_governor": "performance"}, "performance"),
        ("turbo", {f"{CPUS}/intel_pstate/no_turbo": "1"}, "off"),
        ("turbo", {f"{CPUS}/cpufreq/boost": "0"}, "off"),
        (
            "clock under load",
            {
                f"{CPUS}/cpu1/cpufreq/scaling_cur_freq": "1790000",
                f"{CPUS}/cpu1/cpufreq/scaling_max_freq": "1800000",
            },
            "1790 of 1800 MHz",
        ),
        ("virtual machine", {"proc/cpuinfo": "flags\t\t: fpu sse"}, "no"),
        (
            "quota of processor time",
            {"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "200000 100000"},
            "2 cores",
        ),
        (
            "quota of processor time",
            {
                "proc/self/cgroup": "1:cpu:/",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            },
            "none",
        ),
        (
            "quota of processor time",
            {"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "100000 0"},
            "none",
        ),
    ],
)
def test_a_setting_that_is_right_needs_no_advice(
    tmp_path: Path, name: str, files: dict[str, str], value: str
) -> None:
    assert of_files(name, tree(tmp_path, **files)) == {
        "name": name,
        "value": value,
        "ok": True,
        "advice": "",
    }


def test_what_cannot_be_read_is_said_and_not_held_against_the_device(tmp_path: Path) -> None:
    for found in system_findings((0,), 1, tmp_path):
        assert (found["value"], found["ok"]) == (None, True)
        assert found["advice"] == "cannot be read on this machine"
    arm = tree(tmp_path, **{"proc/cpuinfo": "Features : fp asimd"})
    assert of_files("virtual machine", arm)["value"] is None
