"""What is proposed for open axes was tried, and runs."""

from pathlib import Path

import pytest
from onnx import ModelProto, helper

from hwnas.core.errors import ConfigError
from hwnas.latency.foreign import load_model
from hwnas.latency.suggestions import run_here
from tests.latency.onnx_models import (
    convolution,
    embedding,
    model,
    saved,
    value,
    voice_activity,
)


def proposed(path: Path, values: tuple[str, ...] = ()) -> tuple[list[str], list[str]]:
    """The shapes and values of the message, as a person would copy them."""
    with pytest.raises(ConfigError, match="with which it runs") as caught:
        load_model(path, [], values)
    words = str(caught.value).split("as in '", 1)[1].rsplit("',", 1)[0].split()
    pairs = list(zip(words[::2], words[1::2], strict=True))
    return (
        [text for option, text in pairs if option == "--shape"],
        [text for option, text in pairs if option == "--input"],
    )


def recognition() -> ModelProto:
    """A model of text lines whose every unknown axis is "?", as Paddle writes: 48 pixels high."""
    made = convolution(["?", 3, "?", "?"])
    made.graph.node[0].output[0] = "c"
    made.graph.node.extend(
        [
            helper.make_node("ReduceMean", ["c"], ["m"], axes=[1, 3], keepdims=0),
            helper.make_node("Gemm", ["m", "line"], ["y"]),
        ]
    )
    weight = helper.make_tensor("line", 1, [254, 2], [0.1] * 508)
    made.graph.initializer.append(weight)
    made.graph.output[0].CopyFrom(value("y", ["?", 2]))
    return made


def decoder() -> ModelProto:
    """Attention over what came before and what comes: as many mask values as both together."""
    axes = {
        "keys": ["batch", 2, "sequence", 4],
        "past": ["batch", 2, "past", 4],
        "mask": ["batch", "past + sequence"],
    }
    return model(
        [
            helper.make_node("Concat", ["past", "keys"], ["all"], axis=2),
            helper.make_node("ReduceMean", ["all"], ["scores"], axes=[1, 3], keepdims=0),
            helper.make_node("Mul", ["scores", "mask"], ["y"]),
        ],
        [value(name, shape) for name, shape in axes.items()],
        [value("y", None)],
    )


@pytest.mark.parametrize("made", [embedding, recognition, decoder])
def test_what_is_proposed_runs(tmp_path: Path, made: object) -> None:
    path = saved(tmp_path, made())  # type: ignore[operator]
    shapes, values = proposed(path)
    assert run_here(load_model(path, shapes, values).content) == ""


def test_a_state_is_of_one_batch_and_a_sample_rate_gets_a_value(tmp_path: Path) -> None:
    assert proposed(saved(tmp_path, voice_activity())) == (
        ["input=1x512", "state=2x1x8"],
        ["sr=16000"],
    )


def test_a_value_that_a_person_gives_is_kept(tmp_path: Path) -> None:
    shapes, values = proposed(saved(tmp_path, voice_activity()), ("sr=8000",))
    assert (shapes, values) == (["input=1x512", "state=2x1x8"], [])


def refused(content: bytes) -> str:
    return f"it is\nof another size, {len(content):,} bytes"


def test_where_nothing_runs_the_message_says_so_and_why(tmp_path: Path) -> None:
    made = model(
        [helper.make_node("Reshape", ["x", "s"], ["y"])],
        [value("x", ["batch", "n"])],
        [value("y", None)],
        (helper.make_tensor("s", 7, [1], [77]),),
    )
    with pytest.raises(ConfigError) as caught:
        load_model(saved(tmp_path, made), [], trial=refused)
    assert "none of 7 usual shapes runs here; with '--shape x=1x128': it is\\nof" in str(
        caught.value
    )
    assert "\n" not in str(caught.value)
