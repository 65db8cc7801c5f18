r"""BN-NAS's indicator on NAS-Bench-Macro: what a score costs, and how soon it ranks how well.

    python -m benchmarks.bn_indicator --data data/cifar10/train \
        --table ../shared/data/nas-bench-macro_cifar10.json [--work FOLDER] [--seeds 3]

For each seed, batch norms are trained for `--norm-epochs` on CIFAR-10 in 16×16 pixels, and the
indicator ranks 500 networks after each epoch; beside it stands the supernet, trained for `--epochs`
by the sandwich rule, which count four times. A score is timed on all networks at once, as searches
ask for them, and a validation pass on one network after the other. `--work` keeps what was
computed.
"""

import argparse
import json
import time
from typing import Any

import numpy as np
import torch

from benchmarks.macro_images import SANDWICH_PASSES, MacroImages
from hwnas.core.files import write_atomically
from hwnas.estimators.bn import BatchNormEstimator, norm_recipe
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.objectives.costs import MACS
from hwnas.objectives.statistics.ranking import ranking_report
from hwnas.supernet.norm_supernet import NormSupernet
from hwnas.supernet.supernet import Supernet
from hwnas.training.evaluation import accuracy
from hwnas.training.rules import SinglePath
from hwnas.training.trainer import train

# A tau that is no further from the last one counts as reached.
REACHED = 0.02


def main() -> None:
    """Prints a line for each seed, and one JSON object last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    MacroImages.add_options(parser)
    parser.add_argument("--norm-epochs", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=3)
    options = vars(parser.parse_args())
    seeds, epochs = options.pop("seeds"), options.pop("norm_epochs")
    setting = MacroImages(**options)
    torch.set_num_threads(1)
    trained = [trained_norms(setting, seed, epochs) for seed in range(seeds)]
    whole = SANDWICH_PASSES * setting.epochs
    figures = []
    for seed, one in enumerate(trained):
        taus = [_tau(setting, seed, np.array(scores)) for scores in one["scores"]]
        reached = 1 + next(i for i, tau in enumerate(taus) if abs(tau - taus[-1]) <= REACHED)
        networks = setting.space.networks(setting.rows(seed))
        figures.append(
            {
                "indicator": taus[-1],
                "supernet": _tau(setting, seed, setting.judged("sandwich", seed)),
                "macs": _tau(setting, seed, MACS.evaluate(networks)),
                "by_epoch": taus,
                "reached_in_epochs": reached,
                "reached_in_share": reached / whole,
                "images_per_second": one["images_per_second"],
            }
        )
        print(seed, figures[-1])
    result = {
        "networks": setting.networks,
        "epochs": {"norms": epochs, "supernet": whole},
        **_cost(setting),
        "tau": {
            name: float(np.mean([one[name] for one in figures]))
            for name in ("indicator", "supernet", "macs")
        },
        "reached_in_share": max(one["reached_in_share"] for one in figures),
        "seeds": figures,
    }
    print(json.dumps(result))


def _tau(setting: MacroImages, seed: int, scores: np.ndarray) -> float:
    truth = setting.macro.mean[setting.drawn(seed)]
    tau = ranking_report([scores], [truth]).tau
    assert tau is not None
    return tau.mean


def trained_norms(setting: MacroImages, seed: int, epochs: int) -> dict[str, Any]:
    """The scores (epochs, networks) after each epoch of a training, which is done once."""
    path = setting.work / f"norms-{epochs}-{setting.networks}-{seed}.json"
    if path.is_file():
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return known
    supernet, rows = NormSupernet(setting.space, seed=seed), setting.rows(seed)
    config = norm_recipe(setting.recipe("single_path", seed).model_copy(update={"epochs": epochs}))
    scores: list[list[float]] = []

    def score_epoch(step: int, steps: int, loss: float) -> None:
        if step % (steps // epochs) == 0:
            values = supernet.indicators()
            made = BatchNormEstimator().of_values(EstimatorInputs(setting.space), values)
            scores.append(made.evaluate_architectures(rows).tolist())
            print(f"seed {seed}, epoch {len(scores)}: loss {loss:.3f}", flush=True)

    # Scores of epochs before a stop are not in a checkpoint: a stopped training begins anew.
    checkpoint = setting.work / f"norms-{epochs}-{seed}.safetensors"
    checkpoint.unlink(missing_ok=True)
    report = train(
        supernet,
        setting.dataset.train,
        config,
        checkpoint=checkpoint,
        rule=SinglePath(setting.space),
        progress=score_epoch,
        checkpoint_seconds=1e9,
    )
    found = {"scores": scores, "images_per_second": report.images_per_second}
    write_atomically(path, json.dumps(found))
    return found


def _cost(setting: MacroImages) -> dict[str, float]:
    """Seconds of a score, and of a pass over the validation images by a network in the middle."""
    macro = setting.macro
    values = NormSupernet(setting.space).indicators()
    indicator = BatchNormEstimator().of_values(EstimatorInputs(setting.space), values)
    score = min(_seconds(lambda: indicator.evaluate_architectures(macro.rows)) for _ in range(20))
    score /= len(macro.rows)
    middle = macro.rows[np.argsort(macro.cost.evaluate(macro.rows))[len(macro.rows) // 2]]
    network = Supernet(setting.space).extract(middle)
    validation = min(_seconds(lambda: accuracy(network, setting.dataset.validation)) for _ in "123")
    return {
        "score_seconds": score,
        "validation_seconds": validation,
        "validation_images": len(setting.dataset.validation),
        "cost": score / validation,
    }


def _seconds(call: Any) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
