"""EnergyModel: overhead + Σ block in mJ, corrected from whole networks, additive like latency."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import TableError
from hwnas.latency.block_model import BlockModel
from hwnas.latency.correction import Correction
from hwnas.latency.energies import energies_of
from hwnas.latency.fitting import basis_ms, fit_best
from hwnas.latency.model import BASES, Basis
from hwnas.latency.stored import Measured, read_stored
from hwnas.latency.table import LatencyTable
from hwnas.latency.validation import POOR, Agreement
from hwnas.latency.visits import FIRST_HALF, SECOND_HALF
from hwnas.networks.blocks import Block


@dataclass(frozen=True)
class EnergyModel(BlockModel):
    """Predicts the energy of an inference of networks of measured blocks, in mJ.

    It is that of the whole board, with what it uses at rest for as long as the inference takes.

    Attributes:
        block_mj: the energy of each block by its key: alone, or what it adds to a longer graph
            (see `hwnas.latency.chains`), which the name of the correction then says.
        correction: what a sum of blocks lacks to a network; its ms are mJ here.
        prediction: the error on networks that the fit has not seen.
        replicate: of the same networks, the difference between two halves of the sessions:
            measuring twice, each time with half of the visits.
        fit_networks, check_networks: keys of the networks in the table that all are from.
    """

    block_mj: Mapping[str, Measured]
    correction: Correction
    prediction: Agreement
    replicate: Agreement
    fit_networks: tuple[str, ...]
    check_networks: tuple[str, ...]

    @property
    def measured(self) -> Mapping[str, float]:
        """See `BlockModel`; mJ."""
        return self.block_mj

    def unmeasured(self, key: str) -> str:
        """See `BlockModel`."""
        return (
            f"the table has no energy of the block '{key}'; run 'hwnas profile --energy' for this "
            "space, resolution and number of classes"
        )

    @property
    def warning(self) -> str | None:
        """A sentence when predictions cannot be relied on; verbs that use them say it."""
        if max(self.prediction.mape, self.replicate.mape) <= POOR:
            return None
        return (
            f"warning: energies are off by {self.prediction.mape:.1f} % on average (measuring "
            f"twice: {self.replicate.mape:.1f} %); see that nothing else uses the GPU, and measure "
            "what you choose by them"
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON, with the energies of blocks that it was fitted with."""
        return {
            "block_mj": dict(self.block_mj),
            "correction": self.correction.to_dict(),
            "prediction": asdict(self.prediction),
            "replicate": asdict(self.replicate),
            "fit_networks": list(self.fit_networks),
            "check_networks": list(self.check_networks),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], what: str = "an energy model") -> "EnergyModel":
        """The inverse of `to_dict`; `what` names it in messages.

        Raises:
            TableError: missing or unknown keys, values of other types, or that cannot be.
        """
        return read_stored(cls, data, what)


def fit_energy(
    table: LatencyTable,
    fit: tuple[str, ...],
    check: tuple[str, ...],
    blocks: Iterable[str],
    bases: Sequence[Basis] = BASES,
) -> EnergyModel:
    """The energy model of measured networks, with its error on those it has not seen.

    Where chains of the blocks were measured too, it is of them if that is surely more right, and
    they are among `bases`.

    Args:
        table: where all of them were measured, in both halves of the sessions.
        fit: keys of the networks to learn from.
        check: keys of the networks to judge by, at least 2.
        blocks: keys of the blocks that it is for, among them those of the networks.
        bases: what the energies of blocks may be from.

    Raises:
        TableError: not all of them were.
    """
    visits, networks, known = table.energies.visits(), table.networks(), table.blocks()
    measured = energies_of(visits)
    wanted = {key: known[key] for key in blocks}
    candidates = {basis: basis_ms(basis, wanted, measured) for basis in bases}
    fitted = fit_best(
        [networks[key] for key in fit],
        _values(measured, fit),
        wanted,
        {basis: block_mj for basis, block_mj in candidates.items() if block_mj is not None},
    )
    block_mj, correction = fitted.block_ms, fitted.correction
    halves = [_values(energies_of(visits, half), check) for half in (FIRST_HALF, SECOND_HALF)]
    replicate = Agreement.of(*halves)
    # Its error is not known before it has predicted.
    model = EnergyModel(block_mj, correction, replicate, replicate, fit, check)
    predicted = model.predict([networks[key] for key in check])
    return replace(model, prediction=Agreement.of(predicted, _values(measured, check)))


def load_energy(table: LatencyTable, scope: str, blocks: Sequence[Block]) -> EnergyModel:
    """The stored energy model of a scope.

    Raises:
        TableError: energies were never measured for it, or not of all of these blocks.
    """
    models = table.energies.models()
    mend = "set profile.energy to true and run 'hwnas profile' with the same config"
    if scope not in models:
        have = ", ".join(models) or "none"
        raise TableError(f"{table.path} holds no energies of {scope} (it holds {have}); {mend}")
    model = EnergyModel.from_dict(models[scope], f"the energies of {scope} in {table.path}")
    if missing := model.missing(blocks):
        raise TableError(
            f"{table.path} lacks the energies of {len(missing)} of {len(blocks)} blocks of "
            f"{scope}, such as '{missing[0].short_name}'; {mend}"
        )
    return model


def _values(measured: Mapping[str, float], keys: Sequence[str]) -> NDArray[np.float64]:
    if missing := [key for key in keys if key not in measured]:
        raise TableError(
            f"the energies of {len(missing)} of {len(keys)} networks are not whole (one of the two "
            "sessions is missing); run 'hwnas profile --energy' with the same config to its end"
        )
    return np.array([measured[key] for key in keys], dtype=np.float64)
