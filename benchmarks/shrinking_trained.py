r"""Shrinkers that judge by a supernet, on NAS-Bench-Macro with its images.

    python -m benchmarks.shrinking_trained --data cifar10/train \
        --table nas-bench-macro_cifar10.json [--work FOLDER] --json

For each seed a supernet of the whole space is trained by the sandwich rule. Then, without a budget:
every shrinker judges by it as it is ("as it was trained"); and `pad_nas` and `da_nas` train it on
before each stage, on what is left ("trained on"), `da_nas` on the easiest classes first, and on all
of them. Of the networks which share is left; which share of the best 1 %, by the published
accuracies, is among those; enrichment is the second over the first; passes of images in the stages,
with those of the quick network that says which classes are easy. Last, tau of the networks that
`pad_nas` has left, by its weights after one more stage, and by those of the whole space that were
trained on for as long.

`--work` keeps what was computed; a second process with --backwards begins at the end.
"""

import argparse
import dataclasses
import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import kendalltau

from benchmarks.macro_images import SANDWICH_PASSES, MacroImages
from benchmarks.seed_means import means_of_seeds
from hwnas.core.files import write_atomically
from hwnas.data import ImageDataset
from hwnas.estimators import find_estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.estimators.supernet.stages import StageTraining
from hwnas.estimators.supernet.training import train_supernet
from hwnas.objectives.costs import MACS
from hwnas.runs.defaults import SHRUNK_KEEP, SHRUNK_STAGES
from hwnas.search.problem import SearchProblem
from hwnas.search.shrinkers import SHRINKERS
from hwnas.search.shrinkers.plan import ShrinkPlan
from hwnas.search.shrinkers.shrinking import Shrunk, shrink
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, Space

STAGE_RATE = 0.02
"""The learning rate of a stage; that of the supernet of the whole space is 0.1."""
TRAINED_ON: dict[str, tuple[str, dict[str, Any]]] = {
    "pad_nas, trained on": ("pad_nas", {}),
    "da_nas, trained on": ("da_nas", {"classes": 0.2}),
    "da_nas, trained on, all classes": ("da_nas", {}),
}
TAU = "tau of what is left"
# Networks of what is left that tau is of.
_JUDGED = 120


def main() -> None:
    """Prints a line for each shrinking, a table of their means, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    MacroImages.add_options(parser)
    parser.set_defaults(work=Path("runs/shrinking_trained"), epochs=2, validation=500, networks=60)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--images", type=int, default=45_000, help="to train the whole space on")
    parser.add_argument("--of-a-stage", type=int, default=4_000, help="images of a stage")
    parser.add_argument("--stages", type=int, default=SHRUNK_STAGES)
    parser.add_argument("--keep", type=float, default=SHRUNK_KEEP)
    parser.add_argument(
        "--parts", nargs="*", default=[""], help="of the names of what is to be measured"
    )
    parser.add_argument("--rate", type=float, default=STAGE_RATE, help="of learning in a stage")
    parser.add_argument("--backwards", action="store_true", help="a second process, from the end")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    torch.set_num_threads(1)
    fields = {one.name: getattr(options, one.name) for one in dataclasses.fields(MacroImages)}
    setting = Setting(
        MacroImages(**fields),
        options.images,
        options.of_a_stage,
        options.stages,
        options.keep,
        options.rate,
    )
    names = [f"{name}, as it was trained" for name in SHRINKERS.ours] + [*TRAINED_ON, TAU]
    names = [name for name in names if any(part in name for part in options.parts)]
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    every = [(name, seed) for seed in seeds for name in names]
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for name, seed in every[::-1] if options.backwards else every:
        figures = setting.figures(name, seed)
        found[name].append(figures)
        print(f"{name}, seed {seed}: {json.dumps(figures)}", flush=True)
    result = {name: means_of_seeds(figures) for name, figures in found.items()}
    for name, means in result.items():
        print(f"{name:32} " + ", ".join(f"{key} {value}" for key, value in means.items()))
    print(json.dumps({"seeds": options.seeds, "stages": options.stages, **result}))


@dataclass(frozen=True)
class Setting:
    """One experiment.

    Attributes:
        macro_images: the images and the published accuracies; `networks` are judged in a stage.
        train_images: how many the supernet of the whole space learns.
        of_a_stage: how many of these are learnt before a stage.
        stages: of a shrinking.
        keep: the share of the networks that is left at least.
        rate: of learning in a stage.
    """

    macro_images: MacroImages
    train_images: int
    of_a_stage: int
    stages: int
    keep: float
    rate: float

    @cached_property
    def problem(self) -> SearchProblem:
        """The whole space, without a budget."""
        space = self.macro_images.space
        return SearchProblem(space, Trellis.of(space, MACS))

    @cached_property
    def dataset(self) -> ImageDataset:
        """The images that the supernet of the whole space is trained on."""
        whole = self.macro_images.dataset
        return replace(whole, train=whole.train.sample(self.train_images))

    @cached_property
    def fewer(self) -> ImageDataset:
        """Those of a stage."""
        return replace(self.dataset, train=self.dataset.train.sample(self.of_a_stage))

    def figures(self, name: str, seed: int) -> dict[str, float]:
        """What a shrinking has come to; computed once."""
        images = self.macro_images
        size = f"{images.epochs}-{self.train_images}-{self.of_a_stage}-{images.validation}"
        sizes = f"{size}-{images.networks}-{self.stages}-{self.keep:g}"
        if self.rate != STAGE_RATE:
            sizes += f"-{self.rate:g}"
        path = images.work / f"{name.replace(',', '').replace(' ', '_')}-{sizes}-{seed}.json"
        if not path.is_file():
            images.work.mkdir(parents=True, exist_ok=True)
            inputs = self._inputs(seed, images.work / f"whole-{size}-{seed}.safetensors")
            train_supernet(inputs)
            if name == TAU:
                computed = self._tau(inputs)
            elif name in TRAINED_ON:
                method, settings = TRAINED_ON[name]
                computed = self._trained_on(inputs, method, settings)[0]
            else:
                if seed not in self._judges:
                    self._judges[seed] = find_estimator("supernet").scores(inputs)
                judge = _judge(self._judges[seed])
                computed = self._kept(shrink(self.problem, judge, self._plan(name, seed)))
            write_atomically(path, json.dumps(computed))
        known: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
        return known

    @cached_property
    def _judges(self) -> dict[int, Scores]:
        """Those of each seed's supernet of the whole space: a network is judged once."""
        return {}

    def _inputs(self, seed: int, weights: Path) -> EstimatorInputs:
        training = self.macro_images.recipe("sandwich", seed)
        return EstimatorInputs(
            self.macro_images.space,
            seed,
            images=lambda: self.dataset,
            weights=weights,
            training=training,
        )

    def _plan(self, name: str, seed: int, settings: dict[str, Any] | None = None) -> ShrinkPlan:
        networks, method = self.macro_images.networks, name.split(",")[0]
        return ShrinkPlan(method, self.stages, networks, self.keep, seed, settings or {})

    def _stages(self, inputs: EstimatorInputs) -> StageTraining:
        """Of an epoch each, from the weights of the whole space."""
        fewer = replace(
            inputs, images=lambda: self.fewer, trained_before=inputs.weights_file, weights=None
        )
        folder = self.macro_images.work / "stages"
        return StageTraining(
            find_estimator("supernet"), fewer, folder, epochs=1, rate=lambda: self.rate
        )

    def _trained_on(
        self, inputs: EstimatorInputs, method: str, settings: dict[str, Any]
    ) -> tuple[dict[str, float], Shrunk, StageTraining]:
        stages, scores = self._stages(inputs), list[Scores]()

        def begin(number: int, left: Space, share: float) -> None:
            scores.append(stages.begin(number, left, share))

        def judge(_: int, rows: Architectures) -> NDArray[np.float64]:
            return scores[-1].evaluate_architectures(rows)

        plan = self._plan(method, inputs.seed, settings)
        found = shrink(self.problem, judge, plan, begin=begin)
        passes = SANDWICH_PASSES * stages.images + stages.quick
        return self._kept(found) | {"passes": passes}, found, stages

    def _kept(self, found: Shrunk) -> dict[str, float]:
        left, kept = self.macro_images.macro.kept(found.kept)
        return {
            "share left": round(left, 4),
            "top kept": round(kept, 4),
            "enrichment": round(kept / left, 3),
            "judged": found.judged,
        }

    def _tau(self, inputs: EstimatorInputs) -> dict[str, float]:
        """Of networks that are left, by weights of what is left and of the whole space."""
        macro = self.macro_images.macro
        _, found, progressive = self._trained_on(inputs, "pad_nas", {})
        last = self.stages + 1
        of_left = progressive.begin(last, found.space, 1.0)
        whole = self._stages(inputs)
        for number in range(1, last + 1):
            of_whole = whole.begin(number, found.whole, 1.0)
        some = found.space.sample(np.random.default_rng([inputs.seed, 53]), _JUDGED)
        rows = np.unique(found.space.numbers_of(found.space.canonical(some)), axis=0)
        truth = macro.mean[[macro.index[tuple(row)] for row in rows.tolist()]]
        taus = {
            kind: float(kendalltau(scores.evaluate_architectures(rows), truth).statistic)
            for kind, scores in (("shrunk", of_left), ("whole", of_whole))
        }
        macs = kendalltau(macro.cost.evaluate(rows), truth).statistic
        taus |= {"MACs": float(macs), "networks": float(len(rows))}
        return {key: round(value, 4) for key, value in taus.items()}


def _judge(scores: Scores) -> Any:
    return lambda _, rows: scores.evaluate_architectures(rows)


if __name__ == "__main__":
    main()
