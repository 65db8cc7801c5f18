"""`make test-hostile`: every kind of input, damaged, through the commands' own entry points."""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.hostile import answers, configs, files, kills, names, runs, tables, weights
from tests.hostile.material import make_material
from tests.hostile.workers import Kind, Result, run_all, run_case

KINDS = (
    Kind("kills", 42, kills.kills),
    Kind("searches", 1200, configs.searches),
    Kind("spaces", 900, configs.spaces),
    Kind("choices", 600, configs.choices),
    Kind("sizes", 300, configs.sizes),
    Kind("settings", 800, configs.settings),
    Kind("devices", 800, configs.devices),
    Kind("accuracies", 600, tables.accuracies),
    Kind("timings", 500, tables.timings),
    Kind("networks", 300, tables.networks),
    Kind("documents", 600, tables.documents),
    Kind("impossible", 300, tables.impossible),
    Kind("tables", 800, tables.tables),
    Kind("journals", 600, runs.journals),
    Kind("scores", 120, runs.scores),
    Kind("summaries", 400, runs.summaries),
    Kind("ensembles", 200, runs.ensembles),
    Kind("inputs", 300, runs.inputs),
    Kind("exports", 300, runs.exports),
    Kind("rankings", 200, runs.rankings),
    Kind("checkpoints", 400, runs.checkpoints),
    Kind("trainings", 300, runs.trainings),
    Kind("ratings", 200, runs.ratings),
    Kind("state_dicts", 300, weights.state_dicts),
    Kind("pretrained", 300, weights.pretrained),
    Kind("models", 500, files.models),
    Kind("image_cache", 300, files.image_cache),
    Kind("pictures", 300, files.pictures),
    Kind("engines", 300, files.engines),
    Kind("visits", 1500, answers.visits),
    Kind("health", 1000, answers.health),
    Kind("commands", 100, answers.commands),
    Kind("names", 60, names.names),
)


def main() -> None:
    """Runs the campaign, or one case of it."""
    options = _options()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hwnas-hostile-") as name:
        root = Path(name)
        for variable in ("HWNAS_CACHE", "HWNAS_CONFIG"):
            os.environ[variable] = str(root / variable.lower())
        _one_thread()
        material = make_material(root)
        os.chdir(material.work)
        kinds = [kind for kind in KINDS if not options.kind or kind.name in options.kind]
        if options.case is not None:
            print(run_case(kinds[0], options.case, options.seed, material))  # noqa: T201
            return
        cases = [
            (kind, index) for kind in kinds for index in range(round(options.scale * kind.cases))
        ]
        made = time.monotonic() - start
        # Long ones first, so that both processes end together.
        results = run_all(cases, options.seed, material, options.processes)
    _print(results, options.seed, made, time.monotonic() - start)
    sys.exit(any(result.how for result in results))


def _one_thread() -> None:
    """Two processes share two cores. numpy is loaded later, torch by nothing before."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    import torch

    torch.set_num_threads(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile")
    parser.add_argument("--kind", action="append", help="only this kind; may be repeated")
    parser.add_argument("--case", type=int, help="only this case of the kind, in this process")
    parser.add_argument("--seed", type=int, default=1, help="another campaign (default: 1)")
    parser.add_argument("--scale", type=float, default=1.0, help="times as many cases")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


def _print(results: list[Result], seed: int, made: float, seconds: float) -> None:
    failed = [result for result in results if result.how]
    lines = []
    for one in failed:
        again = f"python -m tests.hostile --seed {seed} --kind {one.kind} --case {one.index}"
        lines += [f"{one.what}\n    {again}", *(f"    {note}" for note in one.notes[-3:])]
    counts = Counter(result.kind for result in results)
    ways = ("traceback", "hang", "wrong", "ugly")
    lines.append(f"{'kind':16}{'cases':>7}{'seconds':>9}" + "".join(f"{way:>11}" for way in ways))
    for kind, count in counts.items():
        of = [result for result in results if result.kind == kind]
        found = Counter(result.how for result in of)
        spent = sum(result.seconds for result in of)
        lines.append(
            f"{kind:16}{count:7}{spent:9.1f}" + "".join(f"{found[way]:11}" for way in ways)
        )
    lines.append(f"healthy files were made in {made:.1f} s")
    lines.append(f"{len(results) - len(failed)} passed, {len(failed)} failed in {seconds:.1f} s")
    sys.stdout.buffer.write(("\n".join(lines) + "\n").encode("utf-8", "backslashreplace"))


if __name__ == "__main__":
    main()
