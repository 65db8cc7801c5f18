r"""Resolution and width as choices of a search, and a search that decides about them first.

    python -m benchmarks.resolution_as_choice --json

Profiles `--space` at every resolution and width on `--device` (`--table` keeps the measurements,
and takes them from there the next time), and searches accuracy against measured latency:

- `choice`: all resolutions and widths as one space, against the best single resolution (with all
  widths) and the best single member (one resolution, one width), each with as many evaluations;
- `searchers`: the searchers on that one space, `two_stage` against flat `nsga2`.

Accuracies are synthetic (`benchmarks.family_accuracies`), another draw for each seed, observed with
the noise of one training. With `--data`, they are those of one supernet of all resolutions and
widths (`benchmarks.family_supernet`): a searcher is told accuracies on validation images, and its
front is judged by those on test images. `choice` is then left out without `--parts`, for every
network that is judged takes its time:

    python -m benchmarks.resolution_as_choice --space mobilenet_v3_small --resolutions 24,32,48 \
        --widths 0.75,1.0 --data CIFAR10 --limit 6000 --epochs 20 --json

A front is chosen by observed accuracies and judged by true ones: by the area that it dominates, up
to the greatest latency of the whole space and down to the accuracy of its fastest network, as a
share of the area between these and the least latency and 100 %.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

import hwnas
from benchmarks.family_accuracies import SyntheticAccuracies
from benchmarks.family_supernet import trained_accuracies
from hwnas.data import load_dataset
from hwnas.data.loading import class_names
from hwnas.objectives.measured import measured_objective
from hwnas.objectives.objective import pareto_order
from hwnas.search.front import dominated_share
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers import make_searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, SpaceFamily, load_space

SEARCHERS = ("nsga2", "two_stage")


class Judge(Protocol):
    """What gives the networks of a whole family their accuracies, in per cent."""

    def observed(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) what a searcher is told of architectures (N, 1 + L)."""

    def true(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) what its front is judged by."""


@dataclass(frozen=True)
class Part:
    """Some members of a family, searched on their own.

    Attributes:
        family: the whole.
        latencies: a trellis of each of its members.
        places: which members.
    """

    family: SpaceFamily
    latencies: Sequence[Trellis]
    places: tuple[int, ...]

    @cached_property
    def problem(self) -> SearchProblem:
        """Accuracy against latency over these members."""
        members = tuple(self.family.members[place] for place in self.places)
        space = SpaceFamily(self.family.name, members)
        each = [self.latencies[place] for place in self.places]
        constants = np.array([latency.constant for latency in each])
        columns = zip(*(latency.steps for latency in each), strict=True)
        steps = (constants[None, None], *(np.concatenate(column) for column in columns))
        allowed = tuple(map(space.allowed, range(len(steps))))
        return SearchProblem(space, Trellis("latency", "ms", 0.0, steps, allowed))

    def of_family(self, architectures: Architectures) -> Architectures:
        """(N, 1 + L) the same networks as architectures of the whole family."""
        rows = architectures.copy()
        rows[:, 0] = np.array(self.places)[rows[:, 0]]
        return rows


def main() -> None:
    """Prints the figures as they come, and all of them as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--space", default="mobilenet_v2")
    parser.add_argument("--resolutions", default="96,128,160,192,224")
    parser.add_argument("--widths", default="0.5,1.0")
    parser.add_argument("--device", default="local_cpu")
    parser.add_argument("--table", type=Path, help="an SQLite file that keeps the measurements")
    parser.add_argument("--quick", action="store_true", help="measure for seconds, not minutes")
    parser.add_argument("--searchers", default=",".join(SEARCHERS))
    parser.add_argument("--evaluations", default="200")
    parser.add_argument("--seeds", type=int, default=5)
    # The settings of two_stage were chosen with seeds 0 to 7.
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--spread", type=float, default=1.0, help="of preferences, in points")
    parser.add_argument("--noise", type=float, default=0.2, help="of a training, in points")
    parser.add_argument("--data", help="images: accuracies are those of a supernet")
    parser.add_argument("--limit", type=int, help="with --data: at most so many images")
    parser.add_argument("--epochs", type=int, help="with --data: of the supernet's training")
    parser.add_argument("--supernet", type=Path, help="with --data: a file that keeps the supernet")
    parser.add_argument("--parts", action="store_true", help="with --data: `choice`, too")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    family = load_space(
        options.space,
        resolution=list(map(int, options.resolutions.split(","))),
        width=list(map(float, options.widths.split(","))),
        classes=len(class_names(options.data)) if options.data else None,
    )
    if not isinstance(family, SpaceFamily):
        parser.error("name several resolutions, or several widths")
    latencies, errors = measured(family, options.device, options.table, quick=options.quick)
    judge = judges(family, options)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    limits = list(map(int, options.evaluations.split(",")))
    searchers, parts = options.searchers.split(","), options.parts or not options.data
    found = {
        limit: figures(family, latencies, judge, searchers, limit, seeds, parts=parts)
        for limit in limits
    }
    setting = {"seeds": [seeds.start, seeds.stop - 1], "latency_errors": errors}
    print(json.dumps({**setting, "evaluations": found}))


def judges(family: SpaceFamily, options: argparse.Namespace) -> Callable[[int], Judge]:
    """What gives a seed its accuracies: a formula, or with `--data` a supernet, which is trained.

    The supernet is the same for all seeds; these are then of the searches alone.
    """
    if not options.data:
        return lambda seed: SyntheticAccuracies(family, seed, options.spread, options.noise)
    datasets = [
        load_dataset(options.data, resolution=resolution, limit=options.limit)
        for resolution in family.resolutions
    ]
    with tempfile.TemporaryDirectory(prefix="hwnas-family-") as folder:
        checkpoint = options.supernet or Path(folder) / "supernet.safetensors"
        accuracies = trained_accuracies(family, datasets, checkpoint, options.epochs)
    return lambda _: accuracies


def measured(
    family: SpaceFamily, device: str, table: Path | None, *, quick: bool
) -> tuple[list[Trellis], list[float | None]]:
    """The latencies of a family's members, and the error of each on unseen networks, in %."""
    with tempfile.TemporaryDirectory(prefix="hwnas-family-") as folder:
        path = table or Path(folder) / "table.sqlite"
        models = [hwnas.profile(m, device, table=path, quick=quick) for m in family.members]
    trellises = [
        Trellis.of(member, measured_objective(model))
        for member, model in zip(family.members, models, strict=True)
    ]
    checks = [model.validation for model in models]
    return trellises, [round(check.prediction.mape, 2) if check else None for check in checks]


def figures(
    family: SpaceFamily,
    latencies: Sequence[Trellis],
    judge: Callable[[int], Judge],
    searchers: Sequence[str],
    evaluations: int,
    seeds: Sequence[int],
    *,
    parts: bool = True,
) -> dict[str, Any]:
    """What searchers find in the whole family and in parts of it.

    Args:
        family: the whole.
        latencies: a trellis of each of its members.
        judge: gives the accuracies of a seed.
        searchers: by name; `two_stage` is compared with `nsga2` where both are among them.
        evaluations: of every search.
        seeds: of accuracies and searches.
        parts: whether single resolutions and members are searched too, for `choice`.
    """
    whole = Part(family, latencies, tuple(range(len(family.members))))
    result: dict[str, Any] = {"choice": {}, "searchers": {}}
    for name in searchers:

        def areas(part: Part, name: str = name) -> list[float]:
            return [_area(whole, part, judge(seed), name, evaluations, seed) for seed in seeds]

        found = areas(whole)
        each = [round(area, 4) for area in found]
        result["searchers"][name] = {"mean": float(np.mean(found)), "each": each}
        print(f"{evaluations} evaluations, {name}: {json.dumps(result['searchers'][name])}")
        if parts:
            result["choice"][name] = _choice(whole, float(np.mean(found)), areas)
            print(f"{evaluations} evaluations, {name}: {json.dumps(result['choice'][name])}")
    of = result["searchers"]
    if {"two_stage", "nsga2"} <= set(searchers) and of["nsga2"]["mean"]:
        result["two_stage_to_nsga2"] = round(of["two_stage"]["mean"] / of["nsga2"]["mean"], 4)
        print(f"{evaluations} evaluations, two_stage to nsga2: {result['two_stage_to_nsga2']}")
    return result


def _choice(whole: Part, found: float, areas: Callable[[Part], list[float]]) -> dict[str, Any]:
    """The mean area that was found in the whole, against those in single resolutions, members."""
    family = whole.family
    resolutions = {
        f"{resolution} px": Part(family, whole.latencies, family.at(resolution))
        for resolution in family.resolutions
    }
    members = {
        f"{member.resolution} px, width {member.width:g}": Part(family, whole.latencies, (place,))
        for place, member in enumerate(family.members)
    }
    by_resolution = {key: float(np.mean(areas(part))) for key, part in resolutions.items()}
    by_member = {key: float(np.mean(areas(part))) for key, part in members.items()}
    return {
        "whole": round(found, 4),
        "single_resolutions": {key: round(area, 4) for key, area in by_resolution.items()},
        "ratio_to_best_resolution": round(found / max(by_resolution.values()), 4),
        "single_members": {key: round(area, 4) for key, area in by_member.items()},
        "ratio_to_best_member": round(found / max(by_member.values()), 4),
    }


def _area(whole: Part, part: Part, judge: Judge, name: str, evaluations: int, seed: int) -> float:
    """The share of the whole's box that the front dominates that a searcher finds in a part."""
    searcher = make_searcher(name, part.problem, evaluations, seed)
    while len(rows := searcher.ask()):
        searcher.tell(rows, judge.observed(part.of_family(rows)))
    rows, observed = searcher.evaluated
    front = rows[pareto_order(part.problem.costs(rows), observed)]
    true = judge.true(part.of_family(front))
    fastest, slowest = whole.problem.cost.range
    starts = np.arange(len(whole.places))[:, None]
    ends = whole.problem.cost.completed(starts)
    least = judge.true(ends[[whole.problem.costs(ends).argmin()]])[0]
    return dominated_share(
        np.column_stack((part.problem.costs(front), -true)),
        ideal=np.array([fastest, -100.0]),
        reference=np.array([slowest, -least]),
    )


if __name__ == "__main__":
    main()
