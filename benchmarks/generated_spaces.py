r"""Spaces that are drawn, and the mixed score (LCMNAS, arXiv 2203.05508).

    python -m benchmarks.generated_spaces [--json]
    python -m benchmarks.generated_spaces --make-scores --data data/cifar10/train \
        --table nas-bench-macro_cifar10.json
    python -m benchmarks.generated_spaces --table nas-bench-macro_cifar10.json [--json]

The first draws spaces as `hwnas space generate` does, without drawing again what cannot be built:
of each, the smallest, the largest and a random network are made and run in PyTorch and in ONNX
Runtime, whose logits must agree. The second scores networks of NAS-Bench-Macro, a line of `--file`
each: by SynFlow, by Jacobian covariance, and by a short training on one thread. A stopped one goes
on. The third tells how well the mixed score ranks them against the published accuracies, beside its
parts, for several ways to make parts comparable.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata

from benchmarks.macro_table import Macro
from hwnas.core.errors import HwnasError
from hwnas.core.files import write_atomically
from hwnas.data import Split, load_dataset
from hwnas.estimators.jacob_cov import JacobianCovariance
from hwnas.estimators.loading import load_estimator
from hwnas.estimators.mixed.references import TRAINED_REFERENCES
from hwnas.estimators.mixed.scale import Scale
from hwnas.estimators.synflow import SynFlow
from hwnas.export.verification import check_numbers
from hwnas.networks.blocks import Network
from hwnas.networks.folding import folded_weights
from hwnas.networks.graph import build_graph
from hwnas.networks.modules import NetworkModule
from hwnas.objectives.objective import Objective
from hwnas.search.outcome import Candidate
from hwnas.spaces import load_space
from hwnas.spaces.extremes import largest, smallest
from hwnas.spaces.generated import USUAL
from hwnas.spaces.generated.generating import draw_content, space_of
from hwnas.spaces.generated.learning import learn

FILE = Path(__file__).with_name("generated_spaces_scores.json")
RESOLUTION = 16
TRAINED = "trained"
UNTRAINED = ("jacob_cov", "synflow")
SHARE = 0.75
"""Of the untrained part."""
TRAINING = {
    "epochs": 1,
    "batch_size": 16,
    "learning_rate": 0.05,
    "warmup_epochs": 0.1,
    "label_smoothing": 0.0,
    "crop_padding": 2,
    "clip": 5.0,
}

Scores = NDArray[np.float64]


def main() -> None:
    """Draws spaces, makes scores, or compares them; the last line is JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--spaces", type=int, default=100, help="to draw")
    parser.add_argument("--resolution", type=int, nargs="+", default=[32, 96])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--make-scores", action="store_true", help="scores what is missing")
    parser.add_argument("--file", type=Path, default=FILE, help="of the scores")
    parser.add_argument("--data", type=Path, help="CIFAR-10's train folder, <class>/*")
    parser.add_argument("--table", type=Path, help="the published accuracies of NAS-Bench-Macro")
    parser.add_argument("--networks", type=int, default=100)
    parser.add_argument("--images", type=int, default=1000, help="to train on")
    parser.add_argument("--validation", type=int, default=2000, help="images to judge by")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.make_scores:
        make_scores(options)
    elif options.table is not None:
        print(json.dumps(compared(options.file, Macro.load(options.table))))
    else:
        found = {str(one): built(options.spaces, one, options.seed) for one in options.resolution}
        print(json.dumps({"spaces": options.spaces, "seed": options.seed, "resolutions": found}))


def built(count: int, resolution: int, seed: int) -> dict[str, Any]:
    """How many of the spaces that are drawn build and run, of each three networks."""
    learnt, faults, sizes = learn(USUAL), list[str](), list[float]()
    start = time.perf_counter()
    for number in range(1, count + 1):
        generator = np.random.default_rng([seed, number])
        content = draw_content(learnt, generator, name="drawn", resolution=resolution, classes=10)
        try:
            space = space_of(content)
            random = space.sample(generator, 1)[0]
            for row in (smallest(space), largest(space), random):
                runs(space.network(row))
        except (HwnasError, ValueError, RuntimeError) as error:
            faults.append(f"number {number}: {error}")
        else:
            sizes.append(float(np.log10(float(space.size))))
    share = 1 - len(faults) / count
    print(f"{resolution} px: {share:.1%} of {count} drawn spaces build and run")
    return {
        "share": share,
        "faults": faults,
        "networks_log10": [round(value, 1) for value in np.percentile(sizes, [0, 50, 100])],
        "seconds": round(time.perf_counter() - start, 1),
    }


def runs(network: Network) -> None:
    """Runs a network with random weights in both runtimes.

    Raises:
        HwnasError: they disagree, or one of them fails.
    """
    pixels = network[0].resolution
    images = np.random.default_rng(0).integers(0, 256, (1, 3, pixels, pixels), dtype=np.uint8)
    module = NetworkModule(network, seed=0).eval()
    model = build_graph(network, batch=1, weights=folded_weights(module))
    split = Split(images, np.zeros(1, dtype=np.int64))
    check_numbers(model.SerializeToString(), module, split, batch=1)


def make_scores(options: argparse.Namespace) -> None:
    """Scores networks one after another; each is in the file before the next begins."""
    if options.data is None or options.table is None:
        raise SystemExit("name images and networks: --data cifar10/train --table macro.json")
    macro = Macro.load(options.table)
    space = load_space("nas_bench_macro", resolution=RESOLUTION)
    images = load_dataset(str(options.data), resolution=RESOLUTION, limit=7 * options.validation)
    dataset = replace(
        images,
        train=images.train.sample(options.images),
        validation=images.validation.sample(options.validation),
    )
    made_with = {
        "resolution": RESOLUTION,
        "train_images": len(dataset.train),
        "validation_images": len(dataset.validation),
        "images": dataset.fingerprint,
        "training": TRAINING,
    }
    trained = load_estimator(TRAINED, space, data=dataset, training=TRAINING).staged
    assert trained is not None
    untrained: dict[str, Objective] = {
        "jacob_cov": JacobianCovariance(images.train),
        "synflow": SynFlow(),
    }
    for place in np.random.default_rng([0, 31]).permutation(len(macro.rows))[: options.networks]:
        row = macro.rows[place]
        known = kept(options.file, made_with)
        if row.tolist() in [one["architecture"] for one in known]:
            continue
        line: dict[str, Any] = {"architecture": row.tolist()}
        start = time.process_time()
        line[TRAINED] = trained(Candidate(row, 0.0)).score
        line["cpu_seconds"] = round(time.process_time() - start, 2)
        network = space.network(row)
        line |= {name: float(one.evaluate([network])[0]) for name, one in untrained.items()}
        known.append(line)
        lines = ",\n".join(map(json.dumps, known))
        text = f'{{"made_with": {json.dumps(made_with)},\n"networks": [\n{lines}\n]}}\n'
        write_atomically(options.file, text)
        print(f"{len(known)} of {options.networks}: {line}", flush=True)


def kept(path: Path, made_with: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The networks of a file, which must have been made with what is given."""
    if not path.is_file():
        return []
    content = json.loads(path.read_text(encoding="utf-8"))
    if made_with is not None and content["made_with"] != made_with:
        raise SystemExit(f"{path} was made otherwise; move it away")
    networks: list[dict[str, Any]] = content["networks"]
    return networks


def compared(path: Path, macro: Macro) -> dict[str, Any]:
    """Kendall's tau of the parts and of mixed scores, by how parts are made comparable."""
    known = kept(path)
    truth = np.array([macro.mean[macro.index[tuple(one["architecture"])]] for one in known])
    parts = {
        name: np.array([one[name] for one in known], dtype=float) for name in (*UNTRAINED, TRAINED)
    }
    rows = np.array([one["architecture"] for one in known])
    found: dict[str, Any] = {
        "networks": len(known),
        "cpu_seconds": float(np.median([one["cpu_seconds"] for one in known])),
        "macs": _tau(macro.cost.evaluate(rows), truth),
        **{name: _tau(scores, truth) for name, scores in parts.items()},
    }
    for name in UNTRAINED:
        better = max(found[name], found[TRAINED])
        mixed = {
            how: _tau(SHARE * one[0] + (1 - SHARE) * one[1], truth)
            for how, one in _comparable(parts[name], parts[TRAINED]).items()
        }
        found[f"mixed with {name}"] = mixed | {"better_part": better}
        for how, tau in mixed.items():
            print(f"{SHARE} {name} + {1 - SHARE} {TRAINED}, {how}: {tau:.3f} (parts: {better:.3f})")
    both = [Scale.of(parts[name].tolist())(parts[name]) for name in UNTRAINED]
    found["mixed, untrained"] = _tau(both[0] + both[1], truth)
    print(f"{' + '.join(UNTRAINED)}, normal scores: {found['mixed, untrained']:.3f}")
    return found


def _comparable(*parts: Scores) -> dict[str, list[Scores]]:
    """The scores of parts on one scale, made in several ways."""
    # As the estimator does it, with the ranked networks as the sample: 100 of its untrained part.
    untrained, trained = parts
    scales = Scale.of(untrained.tolist()), Scale.of(trained[-TRAINED_REFERENCES:].tolist())
    return {
        "normal scores": [scale(one) for scale, one in zip(scales, parts, strict=True)],
        "ranks among all": [rankdata(one) for one in parts],
        "standard deviations": [(one - one.mean()) / one.std() for one in parts],
    }


def _tau(scores: Scores, truth: Scores) -> float:
    return float(kendalltau(scores, truth).statistic)


if __name__ == "__main__":
    main()
