"""`hwnas init`: five questions, or none, and a config that every command takes."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from hwnas.cli import init_questions
from hwnas.runs.config import RunConfig, load_run_config
from hwnas.runs.new_config import Answers, config_text
from hwnas.runs.pretrained_config import NO_FILE
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.supernet.pretrained.files import written
from tests.published import pretrained

FILE = "tf_mobilenetv3_small.safetensors"


@pytest.fixture
def photos(folder: Path) -> Path:
    """The working folder with a folder of six images, and the weights of a network."""
    for name in ("cat", "dog"):
        (folder / "photos" / name).mkdir(parents=True)
        for index in range(3):
            pixels = np.full((8, 8, 3), index, dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"photos/{name}/{index}.png")
    written(folder / FILE, pretrained("timm_tf_mobilenetv3_small_w025_same")[0])
    return folder


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a person types, line after line."""
    lines: list[str] = []

    def read(*_: object) -> str:
        if not lines:
            raise EOFError
        return lines.pop(0)

    monkeypatch.setattr("builtins.input", read)
    yield lines
    assert lines == []


def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def shown(of: Console) -> str:
    assert isinstance(of.file, io.StringIO)
    return of.file.getvalue()


@pytest.mark.usefixtures("folder")
def test_without_questions_a_config_is_written_that_the_next_command_takes(
    terminal: Terminal,
) -> None:
    answer = terminal("init", "--yes")
    assert (answer.code, answer.stdout) == (0, "wrote mine.yaml\n")
    assert "next: hwnas profile mine.yaml  # " in answer.stderr
    config = load_run_config("mine.yaml")
    assert config.recipe.data.source == "digits"
    assert (config.device, config.search.budgets["latency"].text) == (
        "local_cpu",
        "75 % of reference",
    )


def test_options_answer_what_they_name(photos: Path, terminal: Terminal) -> None:
    (photos / "phone.yaml").write_text("name: phone\n")
    words = ["--data", "./photos/", "--device", "phone.yaml", "--length", "quick"]
    words += ["--pretrained", FILE, "--budget", "2 ms", "--budget", "macs=60 M"]
    answer = terminal("init", "--yes", "--out", "new/own.yaml", *words, "--json")
    assert answer.code == 0, answer.stderr
    assert answer.document == {"file": "new/own.yaml"}
    config = load_run_config("new/own.yaml")
    assert config.pretrained is not None
    assert (config.recipe.data.source, config.device) == ("photos", "phone.yaml")
    assert (config.space, config.pretrained.file) == ("around_pretrained", FILE)
    assert {name: one.text for name, one in config.search.budgets.items()} == {
        "latency": "2 ms",
        "macs": "60 M",
    }
    assert (config.recipe.train.epochs, config.profile.check_networks) == (3, 6)


def test_a_person_is_asked_again_until_an_answer_can_be(photos: Path, typed: list[str]) -> None:
    del photos
    typed += ["nowhere", "photos", "gone", "local_cpu", "2 parsecs", "60 %"]
    typed += ["cut.pth", FILE, "for ever", "long"]
    screen = console()
    answers = init_questions.ask({}, screen)
    assert answers == Answers(
        data="photos", budgets={"latency": "60 % of reference"}, pretrained=FILE, length="long"
    )
    for sentence in (
        "there is no folder nowhere",
        "there is no device named 'gone'",
        "the latency budget '2 parsecs' has the unit 'parsecs', but takes",
        "cut.pth is not there",
        "the length is 'for ever'; write quick, usual or long",
    ):
        assert sentence in shown(screen)


def test_enter_takes_what_is_usual_and_options_are_not_asked_for(typed: list[str]) -> None:
    typed += ["", "", ""]
    screen = console()
    answers = init_questions.ask({"device": "local_cpu_int8", "length": "quick"}, screen)
    assert answers == Answers(device="local_cpu_int8", length="quick")
    assert "2/5" not in shown(screen)


def test_questions_that_are_not_answered_to_their_end_write_nothing(typed: list[str]) -> None:
    typed += ["digits"]
    with pytest.raises(init_questions.ConfigError, match="to their end; nothing was written"):
        init_questions.ask({}, console())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "the questions of 'hwnas init' need a terminal; add --yes"),
        ("--yes --out tiny.yaml", "tiny.yaml exists already; name another file with --out"),
        ("--yes --out mine.txt", "--out mine.txt must end with .yaml"),
        ("--yes --data nowhere", "there is no folder nowhere"),
        ("--yes --device gone", "there is no device named 'gone'"),
        ("--yes --budget 12", "the latency budget '12' has no unit"),
        ("--yes --budget latency@gone=5ms", "there is no device named 'gone'"),
        ("--yes --budget 2ms --budget latency=3ms", "the latency budget is given twice"),
        ("--yes --pretrained none.pth", "none.pth is not there"),
        (
            "--yes --pretrained-network timm/mobilenet_v2",
            f"the command line: pretrained: {NO_FILE}",
        ),
        ("--yes --length eternal", "the length is 'eternal'; write quick, usual or long"),
    ],
)
def test_a_wrong_answer_is_one_sentence_and_writes_nothing(
    folder: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    assert_refused(terminal, folder, f"init {words}", sentence)


def test_names_that_yaml_would_take_for_something_else_stay_names(photos: Path) -> None:
    (photos / "photos").rename(photos / "no, it's: {odd}")
    path = photos / "mine.yaml"
    path.write_text(config_text(Answers(data="no, it's: {odd}", device="null")))
    config = load_run_config(str(path))
    assert (config.recipe.data.source, config.device) == ("no, it's: {odd}", "null")


def test_long_is_twice_as_long_as_the_images_ask_for(photos: Path) -> None:
    del photos
    for source, least in (("photos", 2 * 1500), ("digits", 2 * 40)):
        path = Path(f"{source}.yaml")
        path.write_text(config_text(Answers(data=source, length="long")))
        assert epochs(load_run_config(str(path))) == least


def epochs(config: RunConfig) -> object:
    return config.recipe.train.epochs
