r"""Block-wise distillation on NAS-Bench-Macro, beside a single-path supernet of as many images.

    python -m benchmarks.blockwise --data data/cifar10/train \
        --table ../shared/data/nas-bench-macro_cifar10.json [--work FOLDER] [--seeds 3]

For each seed, the largest network is trained on CIFAR-10 in 16×16 pixels for `--teacher-epochs`,
the stages learn its features for the rest of four times `--epochs`, and every path of every stage
is rated on held-out images; the supernet is trained for four times `--epochs`. Both rank 500
networks. The exact search over the ratings is compared with all networks, at ten budgets.
"""

import argparse
import json
import time
from typing import Any

import numpy as np
import torch

from benchmarks.macro_images import SANDWICH_PASSES, MacroImages
from hwnas.estimators.blockwise.estimator import BlockwiseEstimator
from hwnas.estimators.blockwise.ratings import rate_stages
from hwnas.estimators.blockwise.rule import Blockwise, stage_recipe
from hwnas.estimators.blockwise.teacher import Teacher
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.networks.modules import NetworkModule
from hwnas.objectives.costs import MACS
from hwnas.objectives.statistics.ranking import ranking_report
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.exact.stages import StageScore, stage_problem
from hwnas.search.problem import Limit, SearchProblem
from hwnas.spaces.extremes import largest
from hwnas.spaces.stages import StageSpace
from hwnas.supernet.stage_student import StageStudent
from hwnas.training.evaluation import accuracy
from hwnas.training.trainer import train


def main() -> None:
    """Prints a line for each seed, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    MacroImages.add_options(parser)
    parser.add_argument("--teacher-epochs", type=int, default=8)
    parser.add_argument("--rated-images", type=int, default=512)
    parser.add_argument("--seeds", type=int, default=3)
    options = vars(parser.parse_args())
    seeds, teacher, rated = (options.pop(k) for k in ("seeds", "teacher_epochs", "rated_images"))
    setting = MacroImages(**options)
    torch.set_num_threads(1)
    figures = []
    for seed in range(seeds):
        figures.append(_figures(setting, seed, teacher, rated))
        print(seed, figures[-1], flush=True)
    result = {
        "networks": setting.networks,
        "epochs": {
            "teacher": teacher,
            "stages": SANDWICH_PASSES * setting.epochs - teacher,
            "supernet": SANDWICH_PASSES * setting.epochs,
        },
        "tau": {
            name: float(np.mean([one["tau"][name] for one in figures]))
            for name in figures[0]["tau"]
        },
        "coverage": min(one["coverage"] for one in figures),
        "exact_equals_brute_force": all(one["exact_equals_brute_force"] for one in figures),
        "seeds": figures,
    }
    print(json.dumps(result))


def _figures(setting: MacroImages, seed: int, epochs: int, rated: int) -> dict[str, Any]:
    rating, seconds, taught = rated_stages(setting, seed, epochs, rated)
    scores = {
        "blockwise": rating.evaluate_architectures(setting.rows(seed)),
        "supernet": setting.judged("single_path", seed),
        "macs": MACS.evaluate(setting.space.networks(setting.rows(seed))),
    }
    taus = {}
    for name, values in scores.items():
        tau = ranking_report([values], [setting.macro.mean[setting.drawn(seed)]]).tau
        assert tau is not None
        taus[name] = tau.mean
    rated_paths = [int(np.isfinite(step).sum()) for step in _staged(rating).trellis.steps]
    return {
        "tau": taus,
        "teacher_accuracy": taught,
        "coverage": float(np.prod(rated_paths)) / setting.space.size,
        "exact_equals_brute_force": _equals_brute_force(setting, rating),
        "seconds": seconds,
    }


def rated_stages(
    setting: MacroImages, seed: int, epochs: int, rated: int
) -> tuple[Scores, dict[str, float], float]:
    """The ratings of a seed, the seconds of each step, and the teacher's accuracy in per cent."""
    space, images = setting.space, setting.dataset
    recipe = setting.recipe("single_path", seed)
    name = f"{setting.epochs}-{epochs}-{seed}"
    started = time.perf_counter()
    network = NetworkModule(space.network(largest(space)), seed=seed)
    alone = recipe.model_copy(update={"epochs": epochs, "warmup_epochs": 0.05 * epochs})
    train(network, images.train, alone, checkpoint=setting.work / f"teacher-{name}.safetensors")
    taught, teacher = time.perf_counter(), Teacher(network, space)
    student, left = StageStudent(space, seed=seed), recipe.epochs - epochs
    staged = recipe.model_copy(update={"epochs": left, "warmup_epochs": 0.05 * left})
    train(
        student,
        images.train,
        stage_recipe(staged),
        rule=Blockwise(teacher),
        checkpoint=setting.work / f"stages-{name}.safetensors",
    )
    learned = time.perf_counter()
    file = setting.work / f"ratings-{rated}-{name}.safetensors"
    losses = rate_stages(student, teacher, images.validation.images[:rated], file)
    seconds = {
        "teacher": taught - started,
        "stages": learned - taught,
        "rating": time.perf_counter() - learned,
    }
    rating = BlockwiseEstimator().of_losses(EstimatorInputs(space), StageSpace(space), losses)
    return rating, seconds, accuracy(network, images.validation)


def _staged(rating: Scores) -> StageScore:
    assert isinstance(rating.exact, StageScore)
    return rating.exact


def _equals_brute_force(setting: MacroImages, rating: Scores) -> bool:
    """Whether the exact search finds the best of all networks at each of ten budgets."""
    macro, same = setting.macro, True
    costs, scores = macro.cost.evaluate(macro.rows), rating.evaluate_architectures(macro.rows)
    for share in np.linspace(0.1, 1.0, 10):
        bound = float(np.quantile(costs, share))
        problem = SearchProblem(macro.space, macro.cost, (Limit(macro.cost, bound),))
        best = exact_best(_staged(rating).trellis, stage_problem(problem, _staged(rating).stages))
        row = _staged(rating).stages.to_blocks(best[None])
        found = float(rating.evaluate_architectures(row)[0])
        same &= found == scores[costs <= bound].max() and bool(problem.feasible(row).all())
    return same


if __name__ == "__main__":
    main()
