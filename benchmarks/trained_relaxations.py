r"""Architecture by gradient on NAS-Bench-Macro with its images, beside judging by a supernet.

    python -m benchmarks.trained_relaxations --data cifar10/train \
        --table nas-bench-macro_cifar10.json [--work FOLDER] --json

Every training has about as many passes of images, counted by the MACs of a network as the space
draws them: a pass through a mixture counts as much more as all choices have more MACs. Of each seed
the network that would ship within three budgets of MACs:

- `random`: the first that is drawn within the budget; the mean of a hundred.
- `most MACs`: the one of the most MACs within the budget; no training.
- `uniform`: a supernet, trained along single paths; a sum that is fitted to the accuracies of its
  random networks, searched exactly.
- `sandwich`: a supernet by the sandwich rule, searched by `surrogate` with a hundred networks.
- `darts`, `unas`: their values, searched exactly; the training knows no budget. `perturbation`: the
  same training, read by that selector; `tau` is of both values of all choices. `cosine`, `cyclic`:
  schedules of the logits' rate; `distinct` are the most probable networks after each epoch, `best`
  the published accuracy of the best of them, `last` that of the last.
- `sparse`: the sizes of its weights.
- `within the budget`: a training for each budget, with a penalty of expected MACs above it
  (`hinge`); `to the budget`: of those above and below it (`log_ratio`).

`expected` is the expected MACs at the end as a share of the budget, `shipped` those of the network.
A budget of 100 % is none.
`--work` keeps what was computed; a second process with --backwards begins at the end.
"""

import argparse
import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import kendalltau

from benchmarks import trained_policies
from benchmarks.macro_images import SANDWICH_PASSES, MacroImages
from benchmarks.seed_means import means_of_seeds
from benchmarks.trained_policies import BUDGETS
from hwnas.core.files import write_atomically
from hwnas.core.part_texts import named
from hwnas.estimators import find_estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.relaxed.estimator import RelaxedEstimator, log_probabilities
from hwnas.estimators.scores import Scores
from hwnas.estimators.sparse.estimator import SparseEstimator
from hwnas.estimators.supernet.training import train_supernet
from hwnas.objectives.budgets import Budget
from hwnas.objectives.costs import MACS
from hwnas.relaxation.gradients import parsed_gradient
from hwnas.relaxation.settings import RelaxationSettings
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.exact.known_scores import SumScore
from hwnas.search.policies.history import HISTORY
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.searchers import make_searcher
from hwnas.search.searchers.surrogate_model import fit_additive
from hwnas.search.trellis import Trellis
from hwnas.training.auto import steps_of_epoch
from hwnas.training.train_config import UNIFORM, TrainConfig
from hwnas.training.training_state import load_outcome


@dataclass(frozen=True)
class Recipe:
    """An estimator, what differs from its relaxation, and whether each budget is trained for."""

    estimator: str
    relaxation: Mapping[str, Any] = field(default_factory=dict)
    budgeted: bool = False

    @property
    def trained(self) -> RelaxedEstimator | SparseEstimator:
        """The estimator with these parts."""
        found = find_estimator(self.estimator).with_relaxation(self.relaxation)
        assert isinstance(found, RelaxedEstimator | SparseEstimator)
        return found


_TO_BUDGET = {"penalty": {"log_ratio": {"warmup": 0.3}}}
RECIPES = {
    "darts": Recipe("darts"),
    "darts, perturbation": Recipe("darts", {"selector": "perturbation"}),
    "unas": Recipe("unas"),
    "unas, perturbation": Recipe("unas", {"selector": "perturbation"}),
    "unas, cosine": Recipe("unas", {"schedule": "cosine"}),
    "unas, cyclic": Recipe("unas", {"schedule": {"cyclic": {"cycles": 5}}}),
    "unas, cosine, rate 0.1": Recipe("unas", {"schedule": "cosine", "rate": 0.1}),
    "unas, cyclic, rate 0.1": Recipe("unas", {"schedule": {"cyclic": {"cycles": 5}}, "rate": 0.1}),
    "unas, within the budget": Recipe("unas", budgeted=True),
    "unas, to the budget": Recipe("unas", _TO_BUDGET, budgeted=True),
    "sparse": Recipe("sparse"),
}
OTHERS = ("random", "most MACs", UNIFORM, "sandwich")
BATCH = 32
"""Images of a step of a recipe, a quarter of the others': logits need steps. In as few steps as the
others have they moved by half a unit."""
EVALUATIONS = 100
"""Networks that `surrogate` judges within each budget."""


def main() -> None:
    """Prints a line for each seed, a table of their means, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    MacroImages.add_options(parser)
    parser.set_defaults(work=Path("runs/trained_relaxations"), epochs=3, validation=500)
    parser.add_argument("--recipes", default=";".join((*OTHERS, *RECIPES)), help="with ; between")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=10_000, help="to train on")
    parser.add_argument("--backwards", action="store_true", help="a second process, from the end")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    torch.set_num_threads(1)
    fields = {one.name: getattr(options, one.name) for one in dataclasses.fields(MacroImages)}
    setting = Setting(MacroImages(**fields), options.images)
    names = options.recipes.split(";")
    every = [(name, seed) for seed in range(options.seeds) for name in names]
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for name, seed in every[::-1] if options.backwards else every:
        found[name].append(setting.figures(name, seed))
        print(f"{name}, seed {seed}: {json.dumps(found[name][-1])}", flush=True)
    result = {name: means_of_seeds(figures) for name, figures in found.items()}
    for name, means in result.items():
        print(f"{name:24} " + ", ".join(f"{key} {value}" for key, value in means.items()))
    print(json.dumps({"passes": setting.passes, "seeds": options.seeds, **result}))


@dataclass(frozen=True)
class Setting:
    """One experiment.

    Attributes:
        macro_images: the images and the published accuracies; `epochs` are those of a sandwich,
            and others have as many passes.
        train_images: how many are trained on.
    """

    macro_images: MacroImages
    train_images: int

    @property
    def passes(self) -> int:
        """Of a training."""
        return SANDWICH_PASSES * self.macro_images.epochs * self.train_images

    @cached_property
    def _policies(self) -> trained_policies.Setting:
        """The same images, trained along single paths: its files serve both benchmarks."""
        return trained_policies.Setting(self.macro_images, self.train_images)

    @cached_property
    def cost(self) -> Trellis:
        """MACs at the resolution that is trained."""
        return Trellis.of(self.macro_images.space, MACS)

    def problem(self, quantile: float) -> SearchProblem:
        """The networks at the resolution that is trained, within a quantile of all their MACs."""
        bound = float(np.quantile(self.cost.evaluate(self.macro_images.macro.rows), quantile))
        return SearchProblem(self.macro_images.space, self.cost, (Limit(self.cost, bound),))

    def file(self, name: str, seed: int) -> Path:
        """Where the figures of a recipe are kept; its weights lie beside them."""
        images = self.macro_images
        size = f"{images.epochs}-{self.train_images}-{images.validation}-{images.networks}"
        return images.work / f"{name.replace(', ', '_').replace(' ', '_')}-{size}-{seed}.json"

    def figures(self, name: str, seed: int) -> dict[str, float]:
        """What a recipe has come to; computed once."""
        images, path = self.macro_images, self.file(name, seed)
        if not path.is_file():
            images.work.mkdir(parents=True, exist_ok=True)
            found: dict[str, float] = {}
            every = (*BUDGETS, 1.0) if name in RECIPES and not RECIPES[name].budgeted else BUDGETS
            for quantile in every:
                for key, value in self._within(name, seed, quantile, path).items():
                    found[f"{key} within {quantile:.0%}"] = round(value, 4)
            if name in RECIPES and not RECIPES[name].budgeted:
                found |= self._of_values(RECIPES[name], seed, path)
            write_atomically(path, json.dumps(found))
        known: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
        return known

    def _within(self, name: str, seed: int, quantile: float, path: Path) -> dict[str, float]:
        macro, problem = self.macro_images.macro, self.problem(quantile)
        if name == "random":
            feasible = np.flatnonzero(problem.feasible(macro.rows))
            drawn = np.random.default_rng([seed, 43]).choice(feasible, 100)
            each = [self._shipped(problem, int(place)) for place in drawn]
            return {key: float(np.mean([one[key] for one in each])) for key in each[0]}
        if name == "most MACs":
            return self._shipped(problem, self._best(self.cost, problem))
        if name == UNIFORM:
            judged = np.array(self._policies.trained(UNIFORM, seed)["judged"])
            fitted = fit_additive(problem.space, self.macro_images.rows(seed), judged)
            return self._shipped(problem, self._best(fitted, problem))
        if name == "sandwich":
            recipe = self.macro_images.recipe("sandwich", seed)
            inputs = self._inputs(recipe, path.with_suffix(".safetensors"))
            train_supernet(inputs)
            scores = find_estimator("supernet").scores(inputs)
            return self._shipped(problem, self._searched(scores, problem, seed))
        return self._relaxed(name, seed, quantile, path)

    def _searched(self, scores: Scores, problem: SearchProblem, seed: int) -> int:
        searcher = make_searcher("surrogate", problem, EVALUATIONS, seed)
        while len(rows := searcher.ask()):
            searcher.tell(rows, scores.evaluate_architectures(rows))
        best = max(searcher.scores, key=lambda key: searcher.scores[key])
        return self.macro_images.macro.index[best]

    def _relaxed(self, name: str, seed: int, quantile: float, path: Path) -> dict[str, float]:
        recipe, problem = RECIPES[name], self.problem(quantile)
        scores = self.trained(recipe, seed, path, problem)
        assert isinstance(scores.exact, SumScore)
        found = self._shipped(problem, self._best(scores.exact.trellis, problem))
        if recipe.budgeted:
            rows = self.macro_images.macro.rows
            probability = np.exp(scores.evaluate_architectures(rows))
            expected = float(probability @ self.cost.evaluate(rows) / probability.sum())
            found["expected"] = expected / problem.limits[0].bound
        return found

    def trained(
        self, recipe: Recipe, seed: int, path: Path, problem: SearchProblem | None = None
    ) -> Scores:
        """The scores of a recipe, trained if it is not yet; a selector changes no training."""
        config = self._equal_passes(recipe.trained, seed)
        name = path.stem.replace("_perturbation", "")
        weights = path.with_name(f"{name}.safetensors")
        if recipe.budgeted:
            assert problem is not None
            bound = problem.limits[0].bound
            budgets = {MACS.name: Budget.of(MACS.name, bound)}
            config = config.model_copy(update={"budgets": budgets})
            whole = np.mean(self.cost.evaluate(self.macro_images.macro.rows) <= bound)
            weights = path.with_name(f"{name}.{whole:.2g}.safetensors")
        inputs = self._inputs(config, weights, problem or self.problem(1.0))
        recipe.trained.train(inputs)
        return recipe.trained.scores(inputs)

    def _of_values(self, recipe: Recipe, seed: int, path: Path) -> dict[str, float]:
        """How values agree with the logits, or how they have changed."""
        scores, macro = self.trained(recipe, seed, path), self.macro_images.macro
        if recipe.estimator == "sparse":
            return {}
        assert scores.effects is not None
        if "selector" in recipe.relaxation:
            logits = self.trained(Recipe(recipe.estimator), seed, path).effects
            assert logits is not None
            each = [np.concatenate(_centred(one.values)) for one in (scores.effects, logits)]
            return {"tau": round(float(kendalltau(*each).statistic), 4)}
        rows = load_outcome(path.with_suffix(".safetensors"), {})[HISTORY].astype(np.float64)
        places = [
            self._best(log_probabilities(self.macro_images.space, row, "", ""), self.problem(1.0))
            for row in rows
        ]
        accuracies = macro.mean[places]
        return {
            "epochs": len(places),
            "distinct": len(set(places)),
            "best": float(accuracies.max()),
            "last": float(accuracies[-1]),
        }

    def _equal_passes(
        self, estimator: RelaxedEstimator | SparseEstimator, seed: int
    ) -> TrainConfig:
        """A training of as many epochs as have most nearly the passes of the others."""
        config = self.macro_images.recipe("single_path", seed)
        smaller = {"batch_size": BATCH, "learning_rate": config.learning_rate / 2}
        config = config.model_copy(update=smaller)
        settings = estimator.relaxation
        mixture = of_weights = of_logits = self._mixture
        if isinstance(settings, RelaxationSettings):
            gradient = parsed_gradient(*named(settings.gradient))[0]
            of_weights = mixture if gradient.of_mixture else 1.0
            # REBAR asks for a network and for a mixture, others for one of both.
            usual = 1.0 if gradient.one_path else mixture
            of_logits = {"rebar": 1.0 + mixture}.get(gradient.name, usual)
        share = settings.images
        each = of_weights + (1 - settings.weights_first) * of_logits
        images = round(self.train_images * (1 - share))
        steps = steps_of_epoch(config, images)
        epochs = max(1, round(self.passes / (steps * config.batch_size * each)))
        return config.model_copy(update={"epochs": epochs, "warmup_epochs": 0.05 * epochs})

    @cached_property
    def _mixture(self) -> float:
        """MACs of a mixture of all choices as a multiple of those of a network that is drawn."""
        space = self.macro_images.space
        every = [*space.prefix, *space.suffix]
        every += [block for slot in space.slots for block in slot.choices]
        drawn = self.cost.evaluate(space.sample(np.random.default_rng(0), 2000)).mean()
        return float(MACS.evaluate([tuple(every)])[0] / drawn)

    def _inputs(
        self, config: TrainConfig, weights: Path, problem: SearchProblem | None = None
    ) -> EstimatorInputs:
        def within(budgets: Sequence[Budget]) -> SearchProblem:
            assert problem is not None
            return problem if budgets else SearchProblem(problem.space, self.cost)

        return EstimatorInputs(
            self.macro_images.space,
            config.seed,
            images=lambda: self._policies.dataset,
            weights=weights,
            training=config,
            problem=within,
        )

    def _best(self, score: Trellis, problem: SearchProblem) -> int:
        return self.macro_images.macro.index[tuple(exact_best(score, problem).tolist())]

    def _shipped(self, problem: SearchProblem, place: int) -> dict[str, float]:
        macro = self.macro_images.macro
        cost = float(self.cost.evaluate(macro.rows[[place]])[0])
        return {
            "rank": macro.rank(problem, place),
            "accuracy": float(macro.mean[place]),
            "shipped": cost / problem.limits[0].bound,
        }


def _centred(values: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    return [one - one.mean() for one in values]


if __name__ == "__main__":
    main()
