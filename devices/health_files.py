"""Settings of a system that make timings unreliable, read from files of /sys and /proc."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict


class Finding(TypedDict):
    """One thing that was looked at.

    `value` is a text, None where it cannot be read; `advice` is a sentence, "" where it is ok.
    """

    name: str
    value: str | None
    ok: bool
    advice: str


_CPUS = "sys/devices/system/cpu"
# One busy core may run faster than all of them together, by a fifth to a quarter.
LEAST_CLOCK = 0.7
_MOST_DIGITS = 20


def finding(name: str, value: str | None, ok: bool, advice: str = "") -> Finding:
    """A finding, its advice kept only where it is needed."""
    if value is None:
        return {"name": name, "value": None, "ok": True, "advice": "cannot be read on this machine"}
    return {"name": name, "value": value, "ok": ok, "advice": "" if ok else advice}


def system_findings(cores: Sequence[int], threads: int, root: Path) -> list[Finding]:
    """Governor, turbo, clock, virtual machine and quota.

    Args:
        cores: those that will be measured.
        threads: of the device.
        root: where /sys and /proc are.
    """
    return [
        _governor(cores, root),
        _turbo(root),
        _clock(cores, root),
        _virtual(root),
        _quota(threads, root),
    ]


def _governor(cores: Sequence[int], root: Path) -> Finding:
    found = {_read(root / _CPUS / f"cpu{core}/cpufreq/scaling_governor") for core in cores}
    governors = sorted(governor for governor in found if governor)
    return finding(
        "governor",
        ", ".join(governors) or None,
        governors == ["performance"],
        "run 'echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor', "
        "so that the clock stays up",
    )


def _turbo(root: Path) -> Finding:
    # The first file says whether it is off, the second whether it is on.
    for file, on in (("intel_pstate/no_turbo", "0"), ("cpufreq/boost", "1")):
        setting = _read(root / _CPUS / file)
        if setting is not None:
            off = "1" if on == "0" else "0"
            return finding(
                "turbo",
                "on" if setting == on else "off",
                setting != on,
                f"run 'echo {off} | sudo tee /{_CPUS}/{file}' for timings that do not depend on "
                "the temperature, unless the network will be used with it",
            )
    return finding("turbo", None, True)


def _clock(cores: Sequence[int], root: Path) -> Finding:
    """The core nearest to its maximum: the one that has just been busy."""
    clocks = []
    for core in cores:
        folder = root / _CPUS / f"cpu{core}/cpufreq"
        now = _number(folder / "scaling_cur_freq")
        most = _number(folder / "scaling_max_freq") or _number(folder / "cpuinfo_max_freq")
        if now and most:
            clocks.append((now / most, now, most))
    if not clocks:
        return finding("clock under load", None, True)
    share, now, most = max(clocks)
    return finding(
        "clock under load",
        f"{now / 1000:.0f} of {most / 1000:.0f} MHz",
        share >= LEAST_CLOCK,
        "something slows the chip down: let it cool, and check its power limit and its governor",
    )


def _virtual(root: Path) -> Finding:
    text = _read(root / "proc/cpuinfo")
    if _read(root / "sys/hypervisor/type") is None and (text is None or "flags" not in text):
        return finding("virtual machine", None, True)  # unknown on Arm
    flags = [line.split() for line in (text or "").splitlines() if line.startswith("flags")]
    virtual = any("hypervisor" in words for words in flags)
    virtual = virtual or _read(root / "sys/hypervisor/type") is not None
    return finding(
        "virtual machine",
        "yes" if virtual else "no",
        not virtual,
        "its host may serve others at the same time, which cannot be seen from inside: judge by "
        "the noise below, or measure on a machine of your own",
    )


def _quota(threads: int, root: Path) -> Finding:
    """The least of the limits that control groups set, in cores."""
    quotas, readable = [], False
    for folder in _groups(root):
        if (text := _read(folder / "cpu.max")) is not None:
            quota, _, period = text.partition(" ")
        else:
            quota = _read(folder / "cpu.cfs_quota_us") or ""
            period = _read(folder / "cpu.cfs_period_us") or ""
        readable = readable or bool(quota)
        if quota.isdecimal() and _whole(period):  # else "max", or -1
            quotas.append(_whole(quota) / _whole(period))
    if not readable:
        return finding("quota of processor time", None, True)
    if not quotas:
        return finding("quota of processor time", "none", True)
    cores = min(quotas)
    return finding(
        "quota of processor time",
        f"{cores:.2g} cores",
        cores >= threads + 1,  # one for everything else
        f"give the container {threads + 1} cores or more ('docker run --cpus={threads + 1}'): it "
        "is stopped in the middle of an inference when its quota is used up",
    )


def _groups(root: Path) -> list[Path]:
    """The folders of this process's control groups, and of their parents."""
    found: list[Path] = []
    for line in (_read(root / "proc/self/cgroup") or "").splitlines():
        controllers, _, path = line.partition(":")[2].partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = root / "sys/fs/cgroup" / (controllers and "cpu")
        inner = Path(path.lstrip("/"))
        found += [mount / part for part in (inner, *inner.parents)]
    return found


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _number(path: Path) -> int:
    return _whole(_read(path) or "")


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < _MOST_DIGITS else 0
