"""The whole way through the commands, with every real part: ONNX Runtime, PyTorch, SQLite."""

import csv
import hashlib
import html
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image
from safetensors.numpy import load_file

from hwnas.data import load_dataset, to_input
from hwnas.devices.runtimes import load_runtime
from hwnas.networks.blocks import block_from_dict, check_network
from hwnas.training.exported import read_network
from tests.hwnas.cli.conftest import Terminal

SUMMARY_NUMBERS = ["budget_ms", "onnx_max_abs_diff", "latency_model_mape", "seconds"]
FIGURES = ["predicted_ms", "measured_ms", "median_ms", "accuracy", "macs", "parameters"]


@pytest.mark.usefixtures("few_visits")
def test_the_commands_lead_from_images_to_a_measured_network(
    folder: Path, terminal: Terminal
) -> None:
    profiled = terminal("profile", "tiny.yaml", "--json").document
    assert profiled["distinct_blocks"] == 14
    assert profiled["validation"]["prediction"]["networks"] == 5

    answer = terminal("train", "tiny.yaml", "--json")
    assert "the supernet's training: 2 epochs of " in answer.stderr
    trained = answer.document
    assert trained["images"] == 2 * (trained["steps"] // 2) * 32
    assert Path(trained["supernet"]).is_file()

    searched = terminal("search", "tiny.yaml", "--json").document
    assert searched["front"]
    assert sum(point["knee"] for point in searched["front"]) <= 1
    for point in searched["front"]:
        low, high = point["accuracy_interval"]
        assert 0 <= low <= point["accuracy"] <= high <= 100
    assert [one["searcher"] for one in searched["searchers"]] == [
        "layernas",
        "nsga2",
        "random",
        "surrogate",
    ]
    with (folder / "runs/tiny/front.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["architecture"].split() for row in rows] == [
        [str(choice) for choice in point["architecture"]] for point in searched["front"]
    ]
    assert [row["id"] for row in rows] == [point["id"] for point in searched["front"]]

    summary = terminal("export", "runs/tiny", "--json").document
    assert all(isinstance(summary[key], int | float) for key in SUMMARY_NUMBERS)
    winner, reference = summary["winner"], summary["reference"]
    assert all(isinstance(one[key], int | float) for one in (winner, reference) for key in FIGURES)
    assert winner["measured_ms"] <= summary["budget_ms"]
    assert summary["onnx_max_abs_diff"] <= 1e-4
    assert winner["accuracy_interval"][0] <= winner["accuracy"]
    assert winner["weights_from"] in ("supernet", "scratch")
    assert "trained both ways" in summary["weights_chosen"]
    assert json.loads((folder / "runs/tiny/summary.json").read_text()) == summary
    check_exported(folder / "runs/tiny/export/winner")
    check_exported(folder / "runs/tiny/export/reference")
    # The reference is torchvision's, with what its batch norms add.
    assert reference["library"] == "torchvision"
    exported = json.loads((folder / "runs/tiny/export/reference/config.json").read_text())
    assert exported["batch_norm_epsilon"] == 1e-3

    reported = terminal("report", "runs/tiny", "--json").document
    page = Path(reported["report"]).read_text()
    assert "mobilenet_v3_small" in page
    # Each sentence of it has a paragraph of its own.
    assert all(html.escape(sentence) in page for sentence in summary["verdict"].split(". "))
    assert "https://cdn" not in page.split("<body>")[0]
    assert Path(reported["picture"]).read_text().startswith("<?xml")

    # A second time nothing is trained or judged again, and the same comes out.
    assert terminal("train", "tiny.yaml", "--json").document["images"] == 0
    again = terminal("search", "tiny.yaml", "--json").document
    assert again == searched
    shown = terminal("table", "show", "table.sqlite", "--json").document
    assert shown["provenance"]["runtime"] == "onnxruntime"
    assert len(shown["blocks"]) >= 14


def check_exported(export: Path) -> None:
    """The folder holds one network, the same in each of its files."""
    config = json.loads((export / "config.json").read_text())
    verification = json.loads((export / "verification.json").read_text())
    for name, digest in verification["sha256"].items():
        assert hashlib.sha256((export / name).read_bytes()).hexdigest() == digest
    check_network(tuple(map(block_from_dict, config["blocks"])))
    onnx.checker.check_model(str(export / "model.onnx"), full_check=True)
    assert "block0.conv.weight" in load_file(export / "model.safetensors")
    assert config["class_names"] == list("0123456789")
    assert config["architecture"] == "hwnas_network"
    assert config["model_args"]["bn_eps"] == config["batch_norm_epsilon"]
    assert verification["sha256"].keys() >= {"model.py", "timm_model.py"}
    assert read_network(export).conventions.epsilon == config["batch_norm_epsilon"]
    # A program that follows config.json gets the accuracy that verification.json states.
    test = load_dataset("digits", resolution=config["resolution"], limit=300).test
    graph = load_runtime("onnxruntime").load(export / "model.onnx", threads=1)
    images = to_input(test.images).contiguous().numpy()
    logits = np.concatenate([graph.run(image[None]) for image in images])
    accuracy = 100 * float((logits.argmax(1) == test.labels).mean())
    assert accuracy == pytest.approx(verification["accuracy"]["test_onnx"])
    assert verification["latency"]["measured"]["samples"] > 0


def test_budgets_may_change_and_what_was_judged_is_kept(trained: Path, terminal: Terminal) -> None:
    first = terminal("search", "tiny.yaml", "--json").document
    middle = np.median([point["macs"] for point in first["front"]])
    second = terminal("search", "tiny.yaml", "--budget", f"macs={middle:.0f}", "--json").document
    assert second["evaluations"] >= first["evaluations"]
    assert second["front"]
    assert all(point["macs"] <= middle for point in second["front"])
    kept = terminal("search", "tiny.yaml", "--json").document
    assert kept["evaluations"] == second["evaluations"]
    assert (trained / "runs/tiny/config.yaml").read_text().count("1 s") == 1


def test_a_budget_out_of_reach_is_refused_with_the_range(trained: Path, terminal: Terminal) -> None:
    answer = terminal("search", "tiny.yaml", "--budget", "latency=0.01 us")
    assert answer.code == 2
    assert "out of reach: networks of tiny take" in answer.stderr
    assert "ms" in answer.stderr
    assert not (trained / "runs/tiny/front.csv").exists()
    # The run still has its good budget, and goes on with it.
    assert terminal("search", "tiny.yaml").code == 0


def test_training_again_keeps_the_budget_that_was_searched(
    trained: Path, terminal: Terminal
) -> None:
    assert terminal("search", "tiny.yaml", "--budget", "latency=0.5 s").code == 0
    assert terminal("train", "tiny.yaml").code == 0
    assert "0.5 s" in (trained / "runs/tiny/config.yaml").read_text()


def test_a_space_that_was_edited_does_not_meet_the_old_supernet(
    trained: Path, terminal: Terminal
) -> None:
    space = trained / "tiny_space.yaml"
    space.write_text(space.read_text().replace("kernels: [3, 5]", "kernels: [1, 5]"))
    assert terminal("profile", "tiny.yaml").code == 0
    for command in ("train", "search"):
        answer = terminal(command, "tiny.yaml")
        assert answer.code == 2
        assert "supernet.safetensors was trained with another network or search" in answer.stderr


def test_a_run_of_another_config_is_refused_and_kept(trained: Path, terminal: Terminal) -> None:
    before = (trained / "runs/tiny/supernet.safetensors").read_bytes()
    answer = terminal("train", "tiny.yaml", "--set", "train.epochs=3")
    assert answer.code == 2
    assert "belongs to another config: train.epochs is 2 there and 3 here" in answer.stderr
    assert (trained / "runs/tiny/supernet.safetensors").read_bytes() == before


def test_a_table_of_another_device_or_space_is_refused(trained: Path, terminal: Terminal) -> None:
    (trained / "two.yaml").write_text("name: two\nthreads: 2\n")
    words = ("search", "tiny.yaml", "--device", "two.yaml")
    answer = terminal(*words, "--table", "table.sqlite")
    assert (answer.code, "threads is 1 there and 2 here" in answer.stderr) == (2, True)
    answer = terminal(*words)  # the config's table is that of the config's device
    assert (answer.code, "no latency table tables/two.sqlite" in answer.stderr) == (2, True)
    other = ("tiny.yaml", "--resolution", "32", "--run", "runs/other")
    assert terminal("train", *other, "--set", "train.epochs=1").code == 0
    answer = terminal("search", *other, "--set", "train.epochs=1")
    assert answer.code == 2
    assert "holds no latencies of tiny at 32 px" in answer.stderr


@pytest.mark.usefixtures("folder")
def test_search_before_profiling_says_what_to_do(terminal: Terminal) -> None:
    assert terminal("train", "tiny.yaml").code == 0
    answer = terminal("search", "tiny.yaml")
    assert answer.code == 2
    assert "there is no latency table table.sqlite; make one with 'hwnas prof" in answer.stderr


def test_a_supernet_that_was_trained_anew_needs_a_new_run(
    trained: Path, terminal: Terminal
) -> None:
    assert terminal("search", "tiny.yaml").code == 0
    shutil.copytree("runs/tiny", "runs/copy")
    (trained / "runs/copy/supernet.safetensors").unlink()
    (trained / "runs/copy/config.yaml").unlink()
    assert terminal("train", "tiny.yaml", "--run", "runs/copy").code == 2  # no run folder any more
    shutil.copy("runs/tiny/config.yaml", "runs/copy/config.yaml")
    assert terminal("train", "tiny.yaml", "--run", "runs/copy").code == 0
    assert terminal("search", "tiny.yaml", "--run", "runs/copy").code == 0  # the same weights


@pytest.mark.usefixtures("few_visits")
def test_quickstart_with_own_images_skips_and_names_the_unreadable(
    folder: Path, terminal: Terminal
) -> None:
    generator = np.random.default_rng(0)
    for name, level in (("dark", 40), ("light", 200)):
        (folder / "photos" / name).mkdir(parents=True)
        for index in range(30):
            pixels = generator.integers(level, level + 40, (20, 24, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"photos/{name}/{index}.jpg")
    (folder / "photos/dark/broken.jpg").write_bytes(b"no image")
    (folder / "mine.yaml").write_text("name: mine\n")
    options = [
        "--data",
        "photos",
        "--device",
        "mine.yaml",
        "--set",
        "space=tiny_space.yaml",
        "--set",
        "resolution=16",
        "--set",
        "train.epochs=2",
        "--set",
        "fine_tune.epochs=1",
        "--set",
        "search.evaluations=8",
        "--budget",
        "latency=500 % of reference",  # so little is measured
        "--set",
        "profile.fit_networks=4",
        "--set",
        "profile.check_networks=2",
    ]
    answer = terminal("quickstart", *options, "--json")
    assert answer.code == 0, answer.stderr
    assert "unreadable images, left out: 1, such as dark/broken.jpg" in answer.stderr
    assert answer.document["winner"]["measured_ms"] <= answer.document["budget_ms"]
    run = folder / "runs/quickstart-photos"
    assert json.loads((run / "export/winner/config.json").read_text())["class_names"] == [
        "dark",
        "light",
    ]
    assert (run / "report.html").is_file()
    assert (folder / "tables/mine.sqlite").is_file()
    again = terminal("quickstart", *options, "--json")
    assert "runs/quickstart-photos is complete" in again.stderr
    # Said once a command, whichever stages know it, and by the page.
    for printed in (answer.stderr, again.stderr, (run / "report.html").read_text()):
        assert printed.count("warning: the supernet trains for ") == 1
    assert again.document == answer.document
    strict = terminal("quickstart", *options, "--strict", "--run", "runs/strict")
    assert strict.code == 2
    assert "broken.jpg" in strict.stderr
    assert not (folder / "runs/strict").exists()
