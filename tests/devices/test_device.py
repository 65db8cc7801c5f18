from dataclasses import replace
from pathlib import Path

import pytest

from hwnas.core.errors import ConfigError, DeviceError
from hwnas.devices.device import Device, Fingerprint, load_device
from hwnas.devices.runtimes import RUNTIMES, load_spec

FINGERPRINT = Fingerprint(
    machine="x86_64",
    cpu="a",
    cores=2,
    pinned="yes",
    runtime="onnxruntime",
    runtime_version="1",
    provider="CPU",
    precision="fp32",
    threads=1,
    batch=1,
    opset=17,
    graph_builder=1,
)


def test_equal_fingerprints_have_no_difference() -> None:
    assert FINGERPRINT.difference(replace(FINGERPRINT)) is None


def test_the_field_that_differs_is_named() -> None:
    other = replace(FINGERPRINT, threads=2)
    assert FINGERPRINT.difference(other) == "threads is 1 there and 2 here"


def test_a_fingerprint_of_other_fields_is_refused() -> None:
    with pytest.raises(DeviceError, match="cannot be read"):
        Fingerprint.from_dict({"machine": "x86_64"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "name: a\nruntime: tflite",
            "there is no runtime 'tflite' (known: onnxruntime, onnxruntime_cuda,",
        ),
        (
            "name: a\ntransport: smoke",
            "there is no transport 'smoke' (known: local, ssh, adb, imported)",
        ),
        ("name: a\nprecision: fp64", "there is no precision 'fp64' (known: fp32, fp16, int8)"),
        ("name: a\ncores: all", "'all' must be auto, any, or a list of core numbers"),
        ("name: a\ncores: []", "[] must be auto, any, or a list"),
        ("name: a\ncores: [0, 0]", "[0, 0] must be auto, any, or a list"),
        ("name: a\ncores: [0, 1]", "cores names 2 and threads is 1; name a core a thread"),
        ("name: a\ncores: [-1]", "[-1] must be auto, any, or a list"),
        ("name: a\nthreads: 0", "'threads' is 0"),
        ("name: a b", "'name' is 'a b'"),
        ("name: a\ntransport: ssh", "the key 'host' is missing"),
        ("name: a\ntransport: ssh\nhost: -oProxyCommand=x", "'host' is '-oProxyCommand=x'"),
        ("name: a\ntransport: ssh\nhost: a;b", "'host' is 'a;b'"),
        ("name: a\ntransport: ssh\nhost: b\nuser: -x", "'user' is '-x'"),
        ("name: a\ntransport: adb\nserial: a b", "'serial' is 'a b'"),
        (
            "name: a\nhost: b",
            "host is for 'transport: ssh', and this device has 'transport: l",
        ),
        ("name: a\ntransport: ssh\nhost: b\nserial: c", "serial is for 'transport: adb'"),
        ("name: a\nfolder: /data/x", "folder is for remote targets"),
        ("name: a\ntransport: ssh\nhost: b\nfolder: x", "'x' must be an absolute path"),
        ("name: a\ntransport: ssh\nhost: b\nfolder: /data/../etc", "must be an absolute path"),
        ("name: a\nagent: rust", "there is no agent 'rust' (known: native, python)"),
        ("name: a\nbundle: x", "bundle is for 'agent: native'"),
        (
            "name: a\nprecision: fp16",
            "runtime onnxruntime does not compute in fp16; use fp32 or int8, or a runtime that "
            "does: onnxruntime_cuda, tensorrt, tensorrt_rtx",
        ),
        (
            "name: a\nruntime: onnxruntime_cuda\nprecision: int8",
            "runtime onnxruntime_cuda does not compute in int8; use fp32 or fp16, or a runtime "
            "that does: onnxruntime, tensorrt, tensorrt_rtx",
        ),
        ("name: a\nruntime: tensorrt\nagent: native", "runtime tensorrt needs 'agent: python'"),
        ("name: a\noptions: {container: x}", "the transport local has no option 'container'"),
        ("name: a\nrest_s: -1", "'rest_s' is -1"),
    ],
)
def test_a_wrong_device_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "device.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_device(str(path))
    assert sentence in str(caught.value)


def test_every_runtime_takes_its_precisions() -> None:
    assert load_spec("onnxruntime").precisions == ("fp32", "int8")
    assert load_spec("onnxruntime_cuda").precisions == ("fp32", "fp16")
    assert load_spec("tensorrt").precisions == ("fp32", "fp16", "int8")
    for runtime in RUNTIMES.ours:
        for precision in load_spec(runtime).precisions:
            assert Device(name="a", runtime=runtime, precision=precision).precision == precision
