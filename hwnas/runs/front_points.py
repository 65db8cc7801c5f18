"""The networks of a run's front with what is known of each, and `front.csv`, which holds them."""

import csv
import io
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hwnas.core.files import write_atomically
from hwnas.networks.ids import network_id
from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.runs.searching import RunSearch
from hwnas.spaces import Space


@dataclass(frozen=True)
class FrontPoint:
    """One network of a front: its id, its score, predicted latency in ms, who asked for it.

    `id` is that of `hwnas.networks.ids`. `accuracy` is in %, or another score, as the result's
    `score_info` says; `further_ms` is the predicted latency on each further device that a budget is
    on, `energy_mj` the predicted energy where a budget is on it, `costs` what else budgets are on
    and searchers minimise, by name, `corrected` the score by a second opinion where there is one.
    Where the search chose among several, `resolution` is that of its images and `width` of its
    channels.
    """

    id: str
    accuracy: float
    latency_ms: float
    macs: int
    params: int
    searchers: list[str]
    architecture: list[int]
    further_ms: dict[str, float]
    costs: dict[str, float]
    energy_mj: float | None = None
    corrected: float | None = None
    resolution: int | None = None
    width: float | None = None

    @property
    def chosen(self) -> list[int | float]:
        """The resolution and the width, where these were a choice."""
        return [one for one in (self.resolution, self.width) if one is not None]

    @property
    def further(self) -> list[float]:
        """The predicted latencies on further devices, and the energy if there is one."""
        return [*self.further_ms.values(), *([] if self.energy_mj is None else [self.energy_mj])]

    def to_dict(self) -> dict[str, Any]:
        """With `corrected`, `predicted_ms@DEVICE`, `predicted_mj` and `costs` if any."""
        content = asdict(self)
        further, energy = content.pop("further_ms"), content.pop("energy_mj")
        for key in ("corrected", "resolution", "width", "costs"):
            if content[key] in (None, {}):
                del content[key]
        content |= {} if energy is None else {"predicted_mj": energy}
        return content | {f"predicted_ms@{device}": ms for device, ms in further.items()}


def front_points(result: RunSearch, space: Space) -> list[FrontPoint]:
    """The networks of the front, the most accurate last.

    What accuracies are, `result.score_info` says; an architecture is the choice of each slot, 0 for
    a skip where there is one; of a family it begins with the number of its member; of what is left
    of a space, the numbers are those of the whole.
    """
    front = result.front
    networks = space.networks(front.architectures)
    further = {name: t.evaluate(front.architectures) for name, t in result.further.items()}
    energy = None if result.energy is None else result.energy.evaluate(front.architectures)
    costs = {name: c.evaluate(front.architectures) for name, c in result.other_costs.items()}
    members = [space.member(row) for row in front.architectures]
    chosen = len(space.members) > 1
    columns = zip(
        map(network_id, networks),
        front.scores.tolist(),
        front.costs.tolist(),
        map(int, MACS.evaluate(networks)),
        map(int, PARAMETERS.evaluate(networks)),
        space.numbers_of(front.architectures).tolist(),
        strict=True,
    )
    return [
        FrontPoint(
            name,
            accuracy,
            latency_ms,
            macs,
            params,
            [who for who, some in result.asked.items() if some[result.on_front[index]]],
            row,
            {name: float(values[index]) for name, values in further.items()},
            {name: float(values[index]) for name, values in costs.items()},
            None if energy is None else float(energy[index]),
            None if result.corrected is None else float(result.corrected[index]),
            members[index].resolution if chosen else None,
            members[index].width if chosen else None,
        )
        for index, (name, accuracy, latency_ms, macs, params, row) in enumerate(columns)
    ]


def write_front(result: RunSearch, space: Space, path: Path) -> None:
    """Writes the points of the front as CSV; the second column says what accuracies are.

    Raises:
        HwnasError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    further = [f"predicted_ms@{device}" for device in result.further]
    further += [] if result.energy is None else ["predicted_mj"]
    digits = 6 if result.score_info.is_accuracy else 12  # MACs are whole numbers
    writer.writerow(
        [
            "id",
            result.score_info.column,
            *([] if result.corrected is None else ["corrected"]),
            "predicted_ms",
            *further,
            "macs",
            "params",
            *result.other_costs,
            "searchers",
            *(["resolution", "width"] if len(space.members) > 1 else []),
            "architecture",
        ]
    )
    for point in front_points(result, space):
        writer.writerow(
            [
                point.id,
                f"{point.accuracy:.{digits}g}",
                *([] if point.corrected is None else [f"{point.corrected:.{digits}g}"]),
                f"{point.latency_ms:.6g}",
                *(f"{value:.6g}" for value in point.further),
                point.macs,
                point.params,
                *(f"{value:.12g}" for value in point.costs.values()),
                "+".join(point.searchers),
                *(f"{value:g}" for value in point.chosen),
                " ".join(map(str, point.architecture)),
            ]
        )
    write_atomically(path, text.getvalue())
