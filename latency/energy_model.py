"""EnergyModel: the model of energies, additive like that of latencies."""

from dataclasses import dataclass

from hwnas.latency.model import BlockModel
from hwnas.latency.quantity import ENERGY


@dataclass(frozen=True, repr=False)
class EnergyModel(BlockModel):
    """Predicts the energy per inference of networks of known blocks, in mJ.

    It is that of the whole board, with what it uses at rest for as long as the inference takes.
    """

    quantity = ENERGY
