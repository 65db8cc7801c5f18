"""Whether budgets can be kept at all, known before minutes of profiling and training."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hwnas.core.errors import BudgetError
from hwnas.core.listener import Listener
from hwnas.devices.device import Device
from hwnas.latency.measure import measure_models, timed_model
from hwnas.latency.schedule import Schedule
from hwnas.networks.blocks import Network
from hwnas.objectives.budgets import LATENCY
from hwnas.objectives.costs import COSTS, MACS
from hwnas.runs.config import RunConfig
from hwnas.runs.experiment import Experiment
from hwnas.runs.latencies import holds_models
from hwnas.search.make_problem import make_problem
from hwnas.spaces import Space
from hwnas.spaces.extremes import largest, smallest

# Some seconds for three networks. A slow machine must not get a budget refused that it can keep.
_QUICK = Schedule(sessions=2, most_sessions=2, rounds=4, seconds=6)
# The network of the fewest MACs need not be the quickest, and a busy machine shows more than the
# truth: what is below by less than this is left to the latency model.
_CERTAIN = 0.7


@dataclass(frozen=True)
class Reach:
    """What the smallest and the largest network of a space take on a device, ms."""

    space: str
    device: str
    least_ms: float
    greatest_ms: float
    reference_ms: float | None

    @property
    def text(self) -> str:
        """The range in one sentence."""
        return (
            f"networks of {self.space} take about {self.least_ms:.3g} to {self.greatest_ms:.3g} ms "
            f"on {self.device}"
        )


def check_budgets(experiment: Experiment, listener: Listener) -> None:
    """Says what range of latencies a space reaches on its device, where no table knows it yet.

    Raises:
        BudgetError: a budget is far out of reach.
        DeviceError: the device failed.
    """
    config, space, device = experiment.config, experiment.space, experiment.device
    check_cost_budgets(config, space, experiment.reference)
    if not needs_measuring(config, space, device, experiment.table_path):
        return
    title = f"measuring the smallest and the largest network on {device.name}"
    with listener.progress(title, "visits") as update:
        reach = measure_reach(space, device, update, experiment.reference)
    listener.say(reach.text)
    check_latency_budget(config, reach)


def check_cost_budgets(config: RunConfig, space: Space, reference: Network | None = None) -> None:
    """Refuses budgets on MACs, parameters and bytes that no network of a space keeps.

    Raises:
        BudgetError: names the budget and the range.
    """
    budgets = [budget for budget in config.search.budgets.values() if budget.name in COSTS]
    make_problem(space, MACS, budgets, reference=reference)


def needs_measuring(config: RunConfig, space: Space, device: Device, table: Path) -> bool:
    """Whether a latency budget can be judged by a measurement alone: nothing is profiled yet."""
    if LATENCY not in config.search.budgets or not device.measurable:
        return False
    return not holds_models(table, space)


def measure_reach(
    space: Space,
    device: Device,
    progress: Callable[[int, int], None] | None = None,
    reference: Network | None = None,
) -> Reach:
    """Measures the smallest network, the largest and the reference for some seconds.

    Raises:
        DeviceError: the device failed.
    """
    networks = {"least": space.network(smallest(space)), "greatest": space.network(largest(space))}
    if reference is not None:
        networks["reference"] = reference
    models = {name: timed_model(one, device, inner=False) for name, one in networks.items()}
    found = {name: one.ms for name, one in measure_models(device, models, _QUICK, progress).items()}
    least, greatest = sorted((found["least"], found["greatest"]))
    return Reach(space.name, device.name, least, greatest, found.get("reference"))


def check_latency_budget(config: RunConfig, reach: Reach) -> None:
    """Refuses a latency budget that is far below what the smallest network takes.

    Raises:
        BudgetError: names the budget and the range.
    """
    for budget in config.search.budgets.values():
        if budget.name != LATENCY:
            continue
        bound = budget.bound(reach.reference_ms)
        if bound < _CERTAIN * reach.least_ms:
            raise BudgetError(
                f"the latency budget of {bound:.4g} ms is out of reach: {reach.text}; allow more, "
                "or use a smaller resolution or another space"
            )
