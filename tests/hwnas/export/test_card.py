"""The model card of an export: what Hugging Face reads at its top, and what people read below."""

from typing import Any

import pytest
import yaml

from hwnas.export.card import model_card, with_license

CONFIG: dict[str, Any] = {
    "hwnas": "0.2.0",
    "id": "k3v9x2m",
    "resolution": 96,
    "class_names": ["cat", "dog|wolf"],
    "architecture": "hwnas_network",
    "blocks": [{}] * 12,
    "training": {"weights_from": "supernet", "epochs": 10},
}
TIMED: dict[str, Any] = {"measured_ms": 1.8312, "predicted_ms": 1.7999, "budget_ms": 2.0}
BY: dict[str, Any] = {
    "runtime": "onnxruntime",
    "runtime_version": "1.31.1",
    "cpu": "AMD EPYC",
    "precision": "int8",
    "threads": 1,
    "batch": 1,
}
VERIFICATION: dict[str, Any] = {
    "date": "2026-11-29T12:00:00Z",
    "precision": "int8",
    "onnx_max_abs_diff": 2e-6,
    "accuracy": {
        "test": 91.5,
        "test_onnx": 91.0,
        "validation": 92.0,
        "interval": {"test": [90, 93], "test_onnx": [89.5, 92.25], "validation": [91, 93]},
    },
    "macs": 12_000_000,
    "parameters": 345_000,
    "latency": {"device": "local_cpu", **TIMED, "measured_by": BY},
    "images": {"name": "pets <b>", "train": 1000, "validation": 200, "test": 300},
    "found": {
        "as": "winner",
        "space": "mobilenet_v3_small",
        "searchers": ["nsga2", "layernas"],
        "estimator": "supernet",
        "budgets": {"latency": "2 ms"},
    },
}


def front_matter(card: str) -> dict[str, Any]:
    _, head, _ = card.split("---\n", 2)
    content: dict[str, Any] = yaml.safe_load(head)
    return content


def test_its_top_says_task_licence_and_accuracy() -> None:
    head = front_matter(model_card(CONFIG, VERIFICATION, "apache-2.0"))
    assert head["license"] == "apache-2.0"
    assert head["pipeline_tag"] == "image-classification"
    assert {"onnx", "pytorch", "timm"} <= set(head["tags"])
    (entry,) = head["model-index"]
    (result,) = entry["results"]
    assert result["dataset"] == {"name": "pets <b>", "type": "pets-b"}
    assert result["metrics"][0]["value"] == 0.91


def test_people_read_the_latency_with_device_runtime_and_version() -> None:
    card = model_card(CONFIG, VERIFICATION)
    assert (
        "| local_cpu | AMD EPYC | onnxruntime 1.31.1 | int8 | 1 | 1.831 ms | 1.8 ms | 2 ms |"
    ) in card
    assert "| model.onnx (8-bit integers) | 300 test | 91.00 % | 89.5 to 92.2 % |" in card
    assert "within latency 2 ms, by `nsga2`, `layernas`" in card
    assert "# mobilenet_v3_small for pets &lt;b&gt;: k3v9x2m" in card
    assert "timm.create_model" in card


def test_further_devices_are_rows_of_their_own() -> None:
    on_pi = {**TIMED, "measured_ms": None, "measured_by": {**BY, "cpu": None}}
    card = model_card(CONFIG, VERIFICATION | {"further_devices": {"pi": on_pi}})
    assert "| pi | – | onnxruntime 1.31.1 | int8 | 1 | – | 1.8 ms | 2 ms |" in card


def test_a_reference_is_called_one() -> None:
    found = VERIFICATION["found"] | {"as": "reference"}
    card = model_card(CONFIG, VERIFICATION | {"found": found})
    assert "A published network, trained on the same images" in card


def test_names_from_elsewhere_are_no_markup() -> None:
    names = ["a\n# b", "<script>", "[x](http://y)", "snake_case", "_it_"]
    card = model_card(CONFIG | {"class_names": names * 5}, VERIFICATION)
    assert "a \\# b, &lt;script&gt;, \\[x\\](http://y), snake_case, \\_it\\_, a" in card
    assert ", and 5 more" in card


def test_what_timm_cannot_build_is_not_offered() -> None:
    config = {key: value for key, value in CONFIG.items() if key != "architecture"}
    card = model_card(config, VERIFICATION)
    assert "timm" not in card


@pytest.mark.parametrize("first", [None, "mit"])
def test_a_licence_is_chosen_later(first: str | None) -> None:
    card = model_card(CONFIG, VERIFICATION, first)
    chosen = with_license(card + "license: of a sentence\n", "apache-2.0")
    assert front_matter(chosen)["license"] == "apache-2.0"
    assert "None was chosen" not in chosen
    assert "## Licence\n\n`apache-2.0`\n" in chosen
    assert "mit" not in chosen
    assert chosen.endswith("license: of a sentence\n")


def test_a_card_that_was_written_anew_gets_its_licence() -> None:
    assert with_license("---\ntags: [x]\n---\n# Mine\n", "mit") == (
        "---\nlicense: mit\ntags: [x]\n---\n# Mine\n"
    )
    with pytest.raises(ValueError, match="no lines between two"):
        with_license("# Mine\n", "mit")
