"""The models of several spaces that are searched together."""

import json
from typing import Any

import numpy as np
import pytest

from hwnas.core.errors import BudgetError, TableError
from hwnas.latency.correction import Correction
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.family import FamilyModel, read_model
from hwnas.latency.model import BlockModel, LatencyModel
from hwnas.networks.blocks import block_key
from hwnas.objectives.costs import block_macs
from hwnas.objectives.measured import measured_objective
from hwnas.search.trellis import Trellis
from hwnas.spaces import SpaceFamily
from hwnas.testing.search_problems import small_space

SPACES = tuple(small_space(((0, 2), (1, 2)), (3, 5), resolution) for resolution in (8, 16))
FAMILY = SpaceFamily("small at 8, 16 px", SPACES)


def models(form: type[BlockModel] = LatencyModel) -> FamilyModel[BlockModel]:
    """Of both members: blocks that both have take another time in each of them."""
    return FamilyModel(
        {
            f"small at {space.resolution} px": form(
                {block_key(block): 1e-6 * block_macs(block) for block in space.blocks()},
                Correction("scale", 0.1 * number, {"scale": 1.0 + number}),
            )
            for number, space in enumerate(SPACES)
        }
    )


def test_the_members_share_blocks() -> None:
    one, other = (set(space.blocks()) for space in SPACES)
    assert one & other


@pytest.mark.parametrize("form", [LatencyModel, EnergyModel])
def test_a_network_is_predicted_by_the_model_of_its_member(form: type[BlockModel]) -> None:
    model = models(form)
    rows = FAMILY.sample(np.random.default_rng(0), 30)
    predicted = model.predict(FAMILY.networks(rows))
    laid = Trellis.of(FAMILY, measured_objective(model))
    assert laid.name == form.quantity.name
    assert laid.evaluate(rows) == pytest.approx(predicted, rel=1e-12)
    for row, value in zip(rows, predicted, strict=True):
        own = list(model.members.values())[row[0]]
        assert model.of(FAMILY.network(row)) is own
        assert value == own.predict([FAMILY.network(row)])[0]
        assert model.missing(FAMILY.network(row)) == []


def test_models_of_another_number_of_members_are_refused() -> None:
    fewer = FamilyModel(dict(list(models().members.items())[:1]))
    with pytest.raises(BudgetError, match="the latency is of 1 resolutions and widths, and the sp"):
        Trellis.of(FAMILY, measured_objective(fewer))


def test_they_survive_their_dictionary() -> None:
    stored = json.loads(json.dumps(models().to_dict()))
    assert read_model(LatencyModel, stored) == models()
    one = next(iter(models().members.values()))
    assert read_model(LatencyModel, one.to_dict()) == one


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"members": {}}, "the latency models cannot be read: no model of a member"),
        ({"members": []}, "the latency models cannot be read: no model of a member"),
        ({"members": {"a": 1}}, "the latency model of a cannot be read: not a model"),
        ({"members": {"a": {"blocks": {}}}}, "the latency model of a cannot be read"),
        ({"members": {"a": {}}, "blocks": {}}, "no model of a member"),
    ],
)
def test_damaged_ones_are_refused(content: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TableError, match=sentence):
        read_model(LatencyModel, content)


def test_blocks_are_shown_by_their_members() -> None:
    frame = models().to_frame()
    assert list(frame["space"].unique()) == ["small at 8 px", "small at 16 px"]
    assert len(frame) == sum(len(model.blocks) for model in models().members.values())
    assert "small at 16 px: LatencyModel(" in repr(models())
