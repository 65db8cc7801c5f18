"""Ids of networks: equal for equal networks, told apart from numbers and from words."""

import re

import numpy as np
import pytest

from hwnas.networks.blocks import block_from_key
from hwnas.networks.ids import may_begin_id, network_id
from hwnas.spaces import load_space

SPACE = load_space("mobilenet_v3_small", resolution=32)


def test_an_id_stays_what_it_is() -> None:
    key = "conv in_channels=3 out_channels=8 kernel=3 stride=2 activation=relu resolution=16"
    assert network_id((block_from_key(key),)) == "v4qgh44"


def test_equal_networks_have_equal_ids_and_others_have_others() -> None:
    drawn = SPACE.canonical(SPACE.sample(np.random.default_rng(0), 300))
    ids = {network_id(SPACE.network(row)): tuple(row) for row in drawn}
    assert len(ids) == len({tuple(row) for row in drawn})
    assert all(network_id(SPACE.network(np.array(row))) == one for one, row in ids.items())


def test_an_id_is_a_letter_and_six_letters_or_digits_without_a_vowel() -> None:
    drawn = SPACE.sample(np.random.default_rng(1), 300)
    found = [network_id(network) for network in SPACE.networks(drawn)]
    assert all(re.fullmatch("[a-z][a-z0-9]{6}", one) for one in found)
    assert not set("".join(found)) & set("aeiouly")
    assert all(may_begin_id(one[:end]) for one in found for end in range(1, 8))


@pytest.mark.parametrize("text", ["", "best", "1234567", "12e4567", "bcdfghjk", "BCD", "knee"])
def test_what_cannot_begin_an_id(text: str) -> None:
    assert not may_begin_id(text)
