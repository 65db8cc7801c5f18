"""The one file of an ensemble, in every precision of this machine."""

from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import HwnasError
from hwnas.data import ImageDataset, Split, load_dataset
from hwnas.devices.device import Device
from hwnas.export.classifier import Classifier
from hwnas.export.ensemble import ensemble_config, ensemble_file
from hwnas.export.image_input import FLOAT, UINT8
from hwnas.export.layout import MODEL, OPEN_BATCH
from hwnas.export.open_batch import check_open_batch, with_open_batch
from hwnas.export.verification import check_numbers, module_logits
from hwnas.export.writer import write_export
from hwnas.networks.ensemble_module import EnsembleModule
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import load_space
from hwnas.training.recalibration import recalibrate
from tests.hwnas.cli.conftest import calibrate_once
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401

SPACE = load_space("nas_bench_macro", resolution=16)


@pytest.fixture(scope="module")
def dataset() -> ImageDataset:
    whole = load_dataset("digits", resolution=16, limit=150)
    few = Split(whole.test.images[:40], whole.test.labels[:40])
    return ImageDataset("digits", whole.class_names, whole.train, whole.validation, few)


@pytest.fixture(scope="module")
def module(dataset: ImageDataset) -> EnsembleModule:
    """Two members with the same first block, untrained but for their batch norms."""
    rows = [np.minimum(SPACE.choice_counts - 1, number) for number in (1, 2)]
    members = [NetworkModule(SPACE.network(row), seed) for seed, row in enumerate(rows)]
    found = EnsembleModule(members, 1)
    for one in found.members:
        recalibrate(one, dataset.train.images)
    return found.eval()


def test_the_fp32_file_is_checked_against_pytorch(
    module: EnsembleModule, dataset: ImageDataset
) -> None:
    made = ensemble_file(Device(name="here", batch=4), module, dataset)
    assert made.numbers.max_abs_diff < 1e-3
    expected = module_logits(module, dataset.test.images).argmax(1)
    assert made.numbers.answers.chosen.tolist() == expected.tolist()
    others = [NetworkModule(one.blocks, 7) for one in module.members]
    with pytest.raises(HwnasError, match="differs from PyTorch's"):
        check_numbers(made.model, EnsembleModule(others, 1).eval(), dataset.test, batch=4)


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_other_precisions_answer_mostly_alike(
    module: EnsembleModule,
    dataset: ImageDataset,
    precision: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calibrate_once(monkeypatch)
    device = Device(name="here").model_copy(update={"precision": precision})
    made = ensemble_file(device, module, dataset)
    same = made.numbers.answers.chosen == made.fp32_numbers.answers.chosen
    assert same.mean() > 0.8
    assert (made.int8 is not None) == (precision == "int8")
    assert len(made.model) < len(made.fp32)
    opened = with_open_batch(made.model)
    check_open_batch(opened, made.model, dataset.test.images, batch=1, precision=precision)


@pytest.mark.parametrize("image_input", [FLOAT, UINT8])
def test_what_uses_an_export_uses_an_ensemble(
    module: EnsembleModule, dataset: ImageDataset, image_input: str, tmp_path: Path
) -> None:
    made = ensemble_file(Device(name="here"), module, dataset, image_input)
    write_export(
        tmp_path,
        files={MODEL: made.model, OPEN_BATCH: with_open_batch(made.model)},
        state=module.state_dict(),
        config=ensemble_config(module, dataset, batch=1, image_input=image_input),
        verification={},
    )
    found = Classifier(tmp_path / MODEL).probabilities(dataset.test.images)
    expected = np.exp(module_logits(module, dataset.test.images))
    assert found == pytest.approx(expected, abs=1e-5)
