"""`hwnas devices list` and `show`: one's own beside the shipped, and what is not a fingerprint."""

from pathlib import Path

import pytest

from hwnas.core.configs import shipped_names
from tests.hwnas.cli.conftest import Terminal


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's own devices: a board, one under emulation, and a file that is wrong."""
    monkeypatch.setenv("HWNAS_CONFIG", str(tmp_path))
    folder = tmp_path / "devices"
    folder.mkdir()
    (folder / "pi.yaml").write_text("name: pi\ntransport: ssh\nhost: pi\nuser: me\n")
    (folder / "emulated.yaml").write_text("name: emulated\nemulated: true\n")
    (folder / "wrong.yaml").write_text("name: wrong\nthreds: 2\n")
    return folder


def test_a_wrong_file_of_ones_own_hides_no_other_device(own: Path, terminal: Terminal) -> None:
    answer = terminal("devices", "list")
    assert answer.code == 0
    for words in (
        "me@pi",
        "emulated",
        "local_cpu_int8",
        f"your own: emulated, pi, wrong, in {own}",
    ):
        assert words in answer.stdout
    assert answer.stderr.startswith(f"{own}/wrong.yaml: unknown key 'threds'; did you mean")
    listed = {one["name"]: one for one in terminal("devices", "list", "--json").document}
    assert sorted(listed) == sorted(["emulated", "pi", "wrong", *shipped_names("devices")])
    assert "unknown key" in listed["wrong"]["error"]
    assert listed["pi"]["host"] == "pi"
    wrong = terminal("devices", "show", "wrong")
    assert (wrong.code, "unknown key 'threds'" in wrong.stderr) == (2, True)


@pytest.mark.usefixtures("own")
def test_an_emulated_device_is_shown_as_such(terminal: Terminal) -> None:
    answer = terminal("devices", "show", "emulated")
    assert answer.code == 0
    assert "emulated by an emulator: its timings are not kept" in answer.stdout
    document = terminal("devices", "show", "emulated", "--json").document
    assert document["emulated"] == "an emulator"
    assert isinstance(document["uncontrolled"], list)
    assert document["agent"] == "python"


@pytest.mark.usefixtures("own")
def test_of_an_emulated_device_all_but_the_noise_is_checked(terminal: Terminal) -> None:
    answer = terminal("devices", "check", "emulated")
    assert answer.code == 0
    assert answer.stdout.splitlines()[-1] == "emulated is emulated: no timing of it is kept"
    assert "measured noise" not in answer.stdout
    document = terminal("devices", "check", "emulated", "--json").document
    assert (document["noise"], document["grade"]) == (None, None)
    assert document["identity"]["emulated"] == "an emulator"
    assert "free space" in {one["name"] for one in document["findings"]}
