import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from hwnas.core.errors import TableError
from hwnas.latency.correction import Correction
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.model import LatencyModel
from hwnas.latency.validation import Agreement, Validation
from hwnas.networks.blocks import ConvBlock, Skip, block_key, block_to_dict

ONE, TWO = ConvBlock(3, 8, 3, 2, "relu", 16), ConvBlock(8, 8, 3, 1, "relu", 8)
BLOCK_MS = {block_key(ONE): 2.0, block_key(TWO): 1.0}


def test_a_prediction_is_overhead_and_corrected_blocks() -> None:
    model = LatencyModel(BLOCK_MS, Correction("x", 0.5, {"scale": 0.9, "per_block": -0.1}))
    assert model.predict([(ONE, TWO, Skip(8, 8))]) == pytest.approx([0.5 + 0.9 * 3 - 0.2])
    assert model.block_value(Skip(8, 8)) == 0


def test_a_block_that_was_not_measured_is_named() -> None:
    model = LatencyModel({}, Correction("x"))
    with pytest.raises(TableError, match="no latency of the block 'conv in_channels=3"):
        model.predict([(ONE,)])
    assert model.missing([ONE, Skip(8, 8)]) == [ONE]


def test_agreement_counts_errors() -> None:
    measured = np.array([1.0, 2.0, 3.0, 4.0])
    agreement = Agreement.of(np.array([1.0, 2.08, 3.6, 3.99]), measured)
    assert agreement.networks == 4
    assert agreement.mape == pytest.approx((0 + 4 + 20 + 0.25) / 4)
    assert (agreement.within_5, agreement.within_10) == (0.75, 0.75)
    assert (agreement.tau, agreement.worst) == (1.0, pytest.approx(20))


def test_a_model_survives_its_dictionary() -> None:
    correction = Correction("scale", 0.1, {"scale": 0.9}, {block_key(ONE): 0.02})
    model = LatencyModel(BLOCK_MS, correction, validation(1.0, 2.0), ("network a",), ("network b",))
    stored = json.loads(json.dumps(model.to_dict()))
    assert LatencyModel.from_dict(stored) == model
    with pytest.raises(TableError, match="the latency model cannot be read"):
        LatencyModel.from_dict({"blocks": {}, "correction": {"skale": 1}})


def validation(error: float, noise: float) -> Validation:
    first, second = (Agreement(2, mape, 1.0, 1.0, 1.0, 2.0) for mape in (error, noise))
    return Validation(first, second, (1.0, 2.0), (1.0, 2.1), (1.1, 2.0), (1.0, 2.2))


def test_a_model_warns_when_it_or_its_measurements_are_poor_or_were_never_checked() -> None:
    def warning(checked: Validation | None) -> str | None:
        return LatencyModel({}, Correction(), checked).warning

    assert warning(validation(1.0, 2.0)) is None
    assert "off by 5.1 % on average (measuring twice: 1.0 %)" in str(warning(validation(5.1, 1.0)))
    assert "hwnas devices check" in str(warning(validation(1.0, 7.0)))
    assert "never checked against whole networks" in str(warning(None))


def shown_model() -> LatencyModel:
    return LatencyModel(
        {**BLOCK_MS, "<of a package that is gone>": 0.5},
        Correction("scale", 0.125),
        validation(1.5, 0.75),
        source="tiny at 16 px, 4 classes, on <cpu>",
    )


def test_a_model_says_what_it_is_of_and_its_error_beside_the_noise() -> None:
    assert repr(shown_model()) == (
        "LatencyModel(tiny at 16 px, 4 classes, on <cpu>; 3 blocks, overhead 0.125 ms; off by "
        "1.5 % on 2 unseen networks, measuring twice: 0.8 %)"
    )
    assert repr(LatencyModel({}, Correction())) == (
        "LatencyModel(0 blocks, overhead 0 ms; never checked against whole networks)"
    )
    assert repr(EnergyModel({}, Correction())).startswith("EnergyModel(0 blocks, overhead 0 mJ")


def test_a_notebook_shows_the_blocks_the_most_costly_first_below_the_error() -> None:
    text = shown_model()._repr_html_()
    assert text.index("off by 1.5 %") < text.index(ONE.short_name) < text.index(TWO.short_name)
    assert "<th>latency (ms)</th>" in text
    assert "&lt;cpu&gt;" in text
    assert "<of a package" not in text


def test_a_data_frame_has_a_row_for_each_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=list))
    first, second, last = shown_model().to_frame()
    assert first == {**block_to_dict(ONE), "latency_ms": 2.0}
    assert second["latency_ms"] == 1.0
    assert last == {"kind": "<of a package that is gone>", "latency_ms": 0.5}


def test_where_a_model_is_from_is_not_part_of_it() -> None:
    model = shown_model()
    assert "source" not in model.to_dict()
    assert LatencyModel.from_dict(json.loads(json.dumps(model.to_dict()))) == model


def test_energies_are_said_in_their_own_words() -> None:
    model = EnergyModel({}, Correction("x"), validation(9.0, 8.0))
    with pytest.raises(TableError, match=r"no energy of the block 'conv .* set profile.energy"):
        model.predict([(ONE,)])
    assert str(model.warning).startswith("energies are off by 9.0 % on average (measuring twice")
    assert "nothing else uses the GPU" in str(model.warning)
