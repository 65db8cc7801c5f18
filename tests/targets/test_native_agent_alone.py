"""What the native agent alone is tested for: reading texts, and other machines than this one."""

import random
import time
from pathlib import Path
from threading import Thread

import pytest
from onnx import TensorProto

from hwnas.devices.emulation import emulator
from hwnas.devices.health_files import system_findings
from hwnas.devices.machine import core_count
from hwnas.devices.uncontrolled import uncontrolled
from tests.targets.agents import Workplace, job
from tests.targets.graphs import GRAPH, copy_of

ZONES = [
    ("cpu-thermal", "41000"),
    ("PMIC-Die", "100000"),
    ("battery", "4000000"),
    ("gpu", "-256000"),
    ("soc", "unknown"),
]
CPUS = "sys/devices/system/cpu"
JOB = job(cores=(0, 1), graphs=("a.onnx", "b.onnx"), rounds=((0, (1, 0)), (3, (1,)))).to_text()
PHONE = (
    "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd05\n\n"
    "processor\t: 4\nCPU implementer\t: 0x51\nCPU part\t: 0xd44\nCPU part\t: 0xd05\n"
    "Hardware\t: Any\n"
)


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    found = Workplace("sanitised", tmp_path / "work")
    found.add("a.onnx", GRAPH)
    return found


def tree(root: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else f"{content}\n".encode())
    return root


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("threads 1", "threads two", "the job cannot be read: threads two"),
        ("threads 1", "threads 0", "the job cannot be read: threads 0"),
        ("threads 1", "threads 99999999999999999999", "cannot be read: threads 999"),
        ("cores 0 1", "cores ", "cannot be read: cores"),
        ("cores 0 1", "cores -1", "cannot be read: cores -1"),
        ("cores 0 1", "cores 65536", "cannot be read: cores 65536"),
        ("nonce n0nce\n", "", "cannot be read: it has no nonce"),
        ("nonce n0nce", "nonce n\x1b", "cannot be read: nonce"),
        ("ms 0.0", "ms nan", "cannot be read: ms nan"),
        ("ms 0.0", "ms 0x1p3", "cannot be read: ms 0x1p3"),
        ("ms 0.0", "ms -1.0", "cannot be read: ms -1.0"),
        ("rest 0.0", "rest 1e999", "cannot be read: rest 1e999"),
        ("runs 0", "runs 0\nsurprise 1", "of another version of hwnas"),
        ("runs 0", "runs 0\nruns 0", "of another version of hwnas"),
        ("task time", "task dance", "of another version of hwnas"),
        ("round 3 1", "round 3 2", "of another version of hwnas"),
        ("round 3 1", "round 3 -1", "cannot be read: round -1"),
        ("round 3 1", "round ", "cannot be read: round"),
        ("graph a.onnx", "graph ../a.onnx", "'../a.onnx' is not the name of a file"),
        ("graph a.onnx", "graph /etc/passwd", "'/etc/passwd' is not the name of a file"),
        ("graph a.onnx", "graph .onnx", "'.onnx' is not the name of a file"),
        ("graph a.onnx", "graph a\0.onnx", "the job is cut off"),
        (
            "runtime onnxruntime",
            "runtime tensorrt",
            "has the runtime onnxruntime, and not tensorrt",
        ),
        ("task time", "task operators", "makes no profile of operators; use 'agent: python'"),
    ],
)
def test_a_strange_job_is_refused(place: Workplace, before: str, after: str, sentence: str) -> None:
    assert before in JOB
    answer = place.run(JOB.replace(before, after))
    assert (answer.code, answer.events) == (2, [])
    assert sentence in answer.printed
    assert answer.printed.count("\n") == 1


def test_a_job_that_was_cut_off_anywhere_is_refused(place: Workplace) -> None:
    for length in range(len(JOB) - 1):
        answer = place.run(JOB[:length])
        assert (answer.code, answer.events) == (2, []), JOB[:length]
        assert answer.printed == "the job is cut off, or of another version of hwnas\n"


def test_no_text_makes_it_read_what_is_not_its_own(place: Workplace) -> None:
    generator = random.Random(0)
    text = job(task="health", graphs=("a.onnx",), rounds=((0, (0,)),)).to_text()
    # Without its second of work: the task is spoilt last.
    text = text.replace("task health", "task healthy")
    pieces = [" ", "\n", "\0", "0", "-", "9" * 30, "round", "graph ", "end", "\xff", "cores 1 2 3"]
    for _ in range(300):
        letters = list(text)
        for _ in range(generator.randint(1, 6)):
            where = generator.randrange(len(letters))
            letters[where : where + generator.randint(0, 4)] = generator.choice(pieces)
        answer = place.run("".join(letters))
        assert answer.code == 2, answer.printed
        assert answer.printed.count("\n") == 1, answer.printed


def test_a_library_that_is_missing_or_another_is_one_sentence(place: Workplace) -> None:
    place.command[1] = "nowhere/libonnxruntime.so"
    answer = place.run(job(graphs=("a.onnx",)))
    assert answer.code == 2
    assert answer.printed.startswith("cannot load nowhere/libonnxruntime.so: ")
    place.command[1] = "libm.so.6"
    assert place.run(job(graphs=("a.onnx",))).printed == "libm.so.6 is not ONNX Runtime\n"


def test_an_input_without_a_fixed_shape_is_one_sentence(place: Workplace) -> None:
    place.add("a.onnx", copy_of(TensorProto.FLOAT, (None, 3)))
    answer = place.run(job(graphs=("a.onnx",)))
    assert (answer.code, answer.printed) == (2, "the input x of a.onnx has no fixed shape\n")


def facts(place: Workplace, root: Path) -> dict:
    answer = place.run(job(graphs=("a.onnx",)), root=root)
    assert answer.code == 0, answer.printed
    return dict(answer.only("ready")["facts"])


def test_a_phone_names_all_its_cores_and_what_is_left_to_chance(
    place: Workplace, tmp_path: Path
) -> None:
    root = tree(
        tmp_path / "root",
        **{
            "proc/cpuinfo": PHONE,
            f"{CPUS}/cpu0/cpufreq/scaling_governor": "performance",
            f"{CPUS}/cpu0/cpufreq/scaling_cur_freq": "1800000",
            f"{CPUS}/cpu1/cpufreq/scaling_cur_freq": "1800000",
            "sys/class/thermal/thermal_zone0/temp": "-3000",
            "sys/class/thermal/thermal_zone1/temp": "41250",
        },
    )
    found = facts(place, root)
    assert found["cpu"] == "CPU implementer 0x41+0x51, CPU part 0xd05+0xd44"
    assert found["uncontrolled"] == []
    assert found["emulated"] == ""
    bare = tree(tmp_path / "bare", **{f"{CPUS}/cpu0/cpufreq/scaling_governor": "schedutil"})
    found = facts(place, bare)
    assert found["cpu"] == "x86_64"
    assert found["uncontrolled"] == ["governor", "clock", "temperature"]
    assert uncontrolled("yes", bare)[0] == "governor"


def test_cores_that_are_switched_off_count_too(place: Workplace, tmp_path: Path) -> None:
    texts = ("0-7", "0", "0-3,6,8-9", "", "all", "0-x", "0-", "7-0", ",")
    for number, present in enumerate(texts):
        root = tree(tmp_path / str(number), **{f"{CPUS}/present": present})
        assert facts(place, root)["cores"] == core_count(root), present
    assert facts(place, tmp_path / "0")["cores"] == 8


def test_an_emulator_is_seen_where_python_sees_it(place: Workplace, tmp_path: Path) -> None:
    root = tree(tmp_path / "root", **{"proc/cpuinfo": "vendor_id : GenuineIntel"})
    assert emulator(root) == facts(place, root)["emulated"] == ""
    tree(root, **{"dev/goldfish_pipe": ""})
    assert facts(place, root)["emulated"] == "the Android emulator"
    # The shell becomes the agent, and so knows its number.
    task = f"{root}/proc/self/task/$$"
    script = f'mkdir -p {task} && ln -s /opt/qemu-arm {task}/exe && exec "$@"'
    place.command = ["sh", "-c", script, "sh", *place.command]
    assert facts(place, root)["emulated"] == "qemu-arm"


def test_a_processor_of_a_strange_name_does_no_harm(place: Workplace, tmp_path: Path) -> None:
    root = tree(tmp_path / "root", **{"proc/cpuinfo": b'model name : a"b\\c\xff\xc3\xa9\x07\n'})
    assert facts(place, root)["cpu"] == 'a"b\\c�é\x07'


@pytest.mark.parametrize(
    ("clocks", "pinned"),
    [((2400000, 1800000), {0}), ((1800000, 2400000), {1}), ((1800000, 1800000), {1})],
)
def test_the_fastest_core_is_taken_of_equal_ones_the_last(
    place: Workplace, tmp_path: Path, clocks: tuple[int, int], pinned: set[int]
) -> None:
    root = tree(
        tmp_path / "root",
        **{
            f"{CPUS}/cpu{core}/cpufreq/cpuinfo_max_freq": str(clock)
            for core, clock in enumerate(clocks)
        },
        **{f"{CPUS}/cpu{core}/cpufreq/scaling_governor": f"g{core}" for core in (0, 1)},
    )
    assert facts(place, root)["pinned"] == f"yes, up to {max(clocks) // 1000} MHz"
    findings = place.run(job(task="health"), root=root).only("health")["findings"]
    (governor,) = [one for one in findings if one["name"] == "governor"]
    assert governor["value"] == ", ".join(f"g{core}" for core in pinned)


def test_the_settings_of_a_machine_are_judged_as_in_python(
    place: Workplace, tmp_path: Path
) -> None:
    core = f"{CPUS}/cpu1/cpufreq"
    files = {
        f"{core}/scaling_governor": "powersave",
        f"{core}/scaling_cur_freq": "1000000",
        f"{core}/scaling_max_freq": "1800000",
        f"{CPUS}/intel_pstate/no_turbo": "0",
        "proc/cpuinfo": "flags\t\t: fpu hypervisor",
        "proc/self/cgroup": "0::/inner",
        "sys/fs/cgroup/cpu.max": "150000 100000",
        "sys/fs/cgroup/inner/cpu.max": "max 100000",
    }
    for step, changed in enumerate(
        (
            {},
            {f"{core}/scaling_governor": "performance", f"{core}/scaling_cur_freq": "1700000"},
            {f"{CPUS}/intel_pstate/no_turbo": "1", "sys/fs/cgroup/cpu.max": "400000 100000"},
            {"proc/cpuinfo": "flags\t\t: fpu", "sys/fs/cgroup/cpu.max": "max 100000"},
        )
    ):
        files |= changed
        root = tree(tmp_path / str(step), **files)
        found = place.run(job(task="health", cores=(1,)), root=root).only("health")["findings"]
        judged = system_findings([1], 1, root)
        assert [one for one in found if one["name"] in {j["name"] for j in judged}] == judged


@pytest.mark.parametrize(
    ("files", "value", "ok"),
    [
        ({}, "none", True),
        (
            {
                "battery/type": "Battery",
                "battery/capacity": "80",
                "battery/status": "Discharging",
                "usb/type": "USB",
                "usb/online": "0",
            },
            "80 %, on battery",
            False,
        ),
        (
            {
                "battery/type": "Battery",
                "battery/capacity": "80",
                "battery/status": "Not charging",
                "usb/type": "USB",
                "usb/online": "1",
            },
            "80 %, plugged in",
            True,
        ),
        (
            {"battery/type": "Battery", "battery/capacity": "100", "battery/status": "Full"},
            "100 %, plugged in",
            True,
        ),
    ],
)
def test_a_phone_on_battery_is_told(
    place: Workplace, tmp_path: Path, files: dict[str, str], value: str, ok: bool
) -> None:
    supplies = {f"sys/class/power_supply/{name}": text for name, text in files.items()}
    meminfo = (
        "MemTotal: 8000000 kB\nMemAvailable: 500000 kB\nSwapTotal: 4000000 kB\nSwapFree: 4000000 kB"
    )
    zone = {"sys/class/thermal/thermal_zone0/temp": "91000"}
    root = tree(tmp_path / "root", **supplies, **zone, **{"proc/meminfo": meminfo})
    findings = place.run(job(task="health"), root=root).only("health")["findings"]
    by_name = {one["name"]: one for one in findings}
    assert (by_name["battery"]["value"], by_name["battery"]["ok"]) == (value, ok)
    assert by_name["memory"]["value"] == "0.5 of 8.2 GB available, 0.0 GB swapped out"
    assert not by_name["memory"]["ok"]
    assert (by_name["temperature"]["value"], by_name["temperature"]["ok"]) == ("91 °C", False)


def test_it_waits_while_it_is_too_hot(place: Workplace, tmp_path: Path) -> None:
    root = tree(tmp_path / "root", **{"sys/class/thermal/thermal_zone0/temp": "80000"})

    def cool_down() -> None:
        time.sleep(5)  # it must have looked before
        tree(root, **{"sys/class/thermal/thermal_zone0/temp": "50000"})

    cooling = Thread(target=cool_down)
    cooling.start()
    asked = job(graphs=("a.onnx",), rounds=((0, (0,)),), least_runs=1, limit_celsius=60.0)
    answer = place.run(asked, root=root)
    cooling.join()
    assert answer.names == ["loading", "ready", "waiting", "visit", "round", "done"]
    assert answer.only("waiting")["celsius"] == 80.0
    assert answer.only("round")["conditions"]["celsius"] == 50.0


def test_sensors_that_measure_no_heat_are_left_out(place: Workplace, tmp_path: Path) -> None:
    asked = job(graphs=("a.onnx",), rounds=((0, (0,)),), least_runs=1)
    zones = {
        f"sys/class/thermal/thermal_zone{number}/{file}": text
        for number, (kind, temp) in enumerate(ZONES)
        for file, text in (("type", kind), ("temp", temp))
    }
    for spelt in ("PMIC_Die", "pmic-die"):
        chip = {
            f"sys/class/hwmon/hwmon0/{file}": text
            for file, text in (("name", spelt), ("temp1_input", "100000"))
        }
        root = tree(tmp_path / spelt, **zones, **chip)
        assert place.run(asked, root=root).only("round")["conditions"]["celsius"] == 41.0


@pytest.mark.parametrize(("zone", "celsius"), [("41250", 41.2), (None, None)])
def test_a_long_rest_gives_signs_of_life(
    place: Workplace, tmp_path: Path, zone: str | None, celsius: float | None
) -> None:
    zones = {"sys/class/thermal/thermal_zone0/temp": zone} if zone else {"proc/cpuinfo": ""}
    root = tree(tmp_path / "root", **zones)
    asked = job(graphs=("a.onnx",), rounds=((0, (0,)),), least_runs=1, rest_s=5.5)
    start = time.monotonic()
    answer = place.run(asked, root=root)
    assert time.monotonic() - start > 5.5
    assert answer.names == ["loading", "ready", "waiting", "visit", "round", "done"]
    assert answer.only("waiting")["celsius"] == celsius
