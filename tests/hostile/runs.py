"""Run folders: their journal, summary, config, exports, checkpoints, rankings and ratings."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.hostile import mutations
from tests.hostile.bench import Bench, check_numbers
from tests.hostile.tables import damage


def _gather(bench: Bench, run: Path) -> Any:
    """What `report` and `export` read of a run; the whole command now and then, which draws."""
    from hwnas.api.run import Run
    from hwnas.report.content import gather
    from hwnas.report.sections.verdict import verdict_section

    if bench.random.random() < 0.03:
        if bench.command("report", run).done:
            check_picture(run / "front.svg")
        return None

    def use() -> Any:
        with Run.of_folder(run).held() as opened:
            content = gather(opened.experiment, opened.folder)
            verdict_section(content)  # the whole page takes ten times as long as reading
            check_numbers(content.front_accuracy.tolist())
            check_numbers(content.front_latency_ms.tolist())
            if not (content.front_latency_ms > 0).all():
                bench.wrong("a latency of 0 or less")
            check_numbers([judged.accuracy.tolist() for judged in content.judged])
        return content

    return bench.call(use)


def check_picture(path: Path) -> None:
    """Refuses an SVG file that no viewer shows."""
    from xml.etree import ElementTree

    ElementTree.parse(path)


def journals(bench: Bench) -> None:
    """`run.sqlite`: reported, and searched on."""
    random = bench.random
    name = random.choice(("known", "trained"))
    bench.material.move_in(bench.folder, runs=(name,))
    run = Path("runs") / name
    damage(bench, run / "run.sqlite")
    if random.random() < 0.3:
        bench.command("search", f"{name}.yaml", "--json")
    else:
        _gather(bench, run)


SCORES = (float("inf"), -float("inf"), "x", b"1", 1e300, None)
ARCHITECTURES = (
    "[]",
    "x",
    "[0, 0]",
    "[9, 9, 9, 9]",
    "[0, 0, 0, -1]",
    b"[0, 0, 0, 0]",
    7,
    "{}",
    "[0.5, 0, 0, 0]",
    '["0", 0, 0, 0]',
    "null",
    "[true, 0, 0, 0]",
)


def scores(bench: Bench) -> None:
    """A journal's score or architecture that cannot be: refused, never drawn."""
    random = bench.random
    bench.material.move_in(bench.folder, runs=("known",))
    run = Path("runs/known")
    column = random.choice(("score", "architecture"))
    value = random.choice(SCORES if column == "score" else ARCHITECTURES)
    bench.note(f"{column} {value!r}")
    with closing(sqlite3.connect(run / "run.sqlite", isolation_level=None)) as database:
        if value is None:  # with the schema of someone who thought it may be empty
            database.execute("PRAGMA writable_schema = ON")
            database.execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '')")
            database.execute("PRAGMA writable_schema = OFF")
    with closing(sqlite3.connect(run / "run.sqlite", isolation_level=None)) as database:
        database.execute(f"UPDATE evaluations SET {column} = ? WHERE rowid = 1", (value,))
    if random.random() < 0.5:
        answer = bench.command("search", "known.yaml", "--json")
        refused = not answer.done
    else:
        refused = _gather_refuses(bench, run)
    if not refused:
        bench.wrong(f"a {column} of {value!r} was taken")


def _gather_refuses(bench: Bench, run: Path) -> bool:
    from hwnas.api.run import Run
    from hwnas.report.content import gather

    def use() -> bool:
        with Run.of_folder(run).held() as opened:
            gather(opened.experiment, opened.folder)
        return True

    return bench.call(use) is None


def summaries(bench: Bench) -> None:
    """`summary.json` of another shape, and the run's other texts."""
    random = bench.random
    bench.material.move_in(bench.folder, runs=("trained",))
    run = Path("runs/trained")
    path = run / random.choice(
        ("summary.json", "summary.json", "summary.json", "config.yaml", "front.csv")
    )
    if path.suffix == ".json" and random.random() < 0.8:
        content = json.loads(path.read_text())
        digest = content["front_digest"]
        content = mutations.tree(content, random, random.choice((1, 2)), mutations.json_value)
        if isinstance(content, dict):
            content["front_digest"] = digest
        path.write_text(json.dumps(content))
        bench.note(json.dumps(content)[:300])
    else:
        path.write_bytes(mutations.raw(path.read_bytes(), random))
    _gather(bench, run)


def ensembles(bench: Bench) -> None:
    """`ensemble.json` of another shape, as a report reads it."""
    from hwnas.runs.ensembles.form import read_ensemble

    random, folder = bench.random, bench.folder / "ensemble-b000000"
    folder.mkdir()
    one = {
        "id": "b000000",
        "predicted_ms": 1.0,
        "measured_ms": None,
        "accuracy": 90.0,
        "accuracy_interval": [85.0, 95.0],
        "macs": 1000,
        "parameters": 100,
    }
    member = {"id": "b000001", "architecture": [0, 1], "predicted_ms": 0.5, "accuracy": 80.0}
    tried = {
        **{"members": ["b000001"], "ways": ["PIE"], "accuracy": 90.0, "diversity": 0.1},
        **{"predicted_ms": 1.0, "measured_ms": None},
    }
    content = {
        **{"source": "front", "budget_ms": 1.0, "ensemble": one, "single": one},
        **{"members": [member], "shared_blocks": 0, "pool": [member], "tried": [tried]},
        **{"accuracy_difference": 0.0, "accuracy_difference_interval": [-1.0, 1.0]},
        **{"verdict": "so", "doubtful": None, "onnx_max_abs_diff": 0.0, "front_digest": "0"},
        **{"device": "here", "precision": "fp32", "images": "digits", "test_images": 10},
        **{"model": "model.onnx", "seconds": 1.0},
    }
    path = folder / "ensemble.json"
    if random.random() < 0.8:
        path.write_text(mutations.json_text(content, random))
    else:
        path.write_bytes(mutations.raw(json.dumps(content).encode(), random))
    bench.call(lambda: _shown(read_ensemble(folder)))


def _shown(summary: Any) -> None:
    """The rows of an ensemble, as terminal and page show them."""
    from hwnas.report.ensemble_rows import ensemble_rows, ensemble_sentences, member_rows

    if summary is not None:
        _ = ensemble_rows(summary), ensemble_sentences(summary), member_rows(summary)


def inputs(bench: Bench) -> None:
    """`inputs.json`, which stands in for the files of a run that was moved away from them."""
    random = bench.random
    bench.material.move_in(bench.folder, runs=("trained", "known"))
    run = Path("runs") / random.choice(("known", "trained"))
    if random.random() < 0.7:
        for name in ("space.yaml", "npu.yaml", "table.sqlite"):
            Path(name).unlink()
    path = run / "inputs.json"
    if random.random() < 0.7:
        path.write_text(mutations.json_text(json.loads(path.read_text()), random))
    else:
        path.write_bytes(mutations.raw(path.read_bytes(), random))
    _gather(bench, run)


def exports(bench: Bench) -> None:
    """Export folders: read as a teacher is, and exported again over."""
    from hwnas.training.exported import read_network

    random = bench.random
    bench.material.move_in(bench.folder, runs=("trained",))
    run = Path("runs/trained")
    path = (
        run
        / "export"
        / "winner"
        / random.choice(("config.json", "verification.json", "model.safetensors"))
    )
    if path.suffix == ".json" and random.random() < 0.7:
        path.write_text(mutations.json_text(json.loads(path.read_text()), random))
    else:
        path.write_bytes(mutations.raw(path.read_bytes(), random))
    bench.call(lambda: read_network(path.parent))


def rankings(bench: Bench) -> None:
    """`ranking.sqlite`: its scores and trainings."""
    from hwnas.runs.ranking_journal import RankingJournal

    bench.material.move_in(bench.folder, runs=("known",))
    path = Path("runs/known/ranking.sqlite")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("INSERT INTO trainings VALUES ('i', '[0, 0, 0, 0]', 50.0, 1.0)")
        identity = database.execute("SELECT identity FROM scores").fetchone()[0]
    damage(bench, path)

    def use() -> None:
        with RankingJournal(path) as journal:
            check_numbers(list(map(list, journal.scores("synflow", identity).values())))
            check_numbers(journal.training("i", "[0, 0, 0, 0]"))

    bench.call(use)


def checkpoints(bench: Bench) -> None:
    """A supernet's checkpoint: read by what goes on from it, and by what judges with it."""
    import torch

    from hwnas.estimators.supernet.start import start_supernet
    from hwnas.runs.config import load_run_config
    from hwnas.runs.estimating import estimator_inputs
    from hwnas.runs.experiment import Experiment
    from hwnas.runs.folder import RunFolder
    from hwnas.runs.training import load_supernet
    from hwnas.training.checkpoint import load_weights

    random = bench.random
    bench.material.move_in(bench.folder, runs=("trained",))
    path = Path("runs/trained/supernet.safetensors")
    before, _ = load_weights(path)
    _damaged_tensors(bench, path)

    def use() -> None:
        way = random.random()
        if way < 0.4:
            experiment = Experiment(load_run_config("trained.yaml"))
            state = load_supernet(experiment, RunFolder(Path("runs/trained"))).supernet.state_dict()
        elif way < 0.7:
            experiment = Experiment(load_run_config("trained.yaml", {"from_supernet": str(path)}))
            inputs = estimator_inputs(experiment, RunFolder(Path("runs/further")))
            state = start_supernet(inputs).supernet.state_dict()
        else:
            state, _ = load_weights(path)
        same = state.keys() == before.keys() and all(
            torch.equal(state[name].cpu(), tensor) for name, tensor in before.items()
        )
        if not same:
            bench.wrong("changed weights were taken")

    bench.call(use)


def trainings(bench: Bench) -> None:
    """A training that has not ended: what goes on with it has its very tensors, or refuses them."""
    import numpy as np
    import torch

    from hwnas.estimators.supernet.paths import PolicyPaths
    from hwnas.objectives.costs import MACS
    from hwnas.search.make_problem import make_problem
    from hwnas.search.policies import make_policy
    from hwnas.spaces import load_space
    from hwnas.training.distributed import Group
    from hwnas.training.training_state import Position, TrainingState

    def drawing() -> PolicyPaths:
        problem = make_problem(load_space("nas_bench_macro"), MACS)
        return PolicyPaths(make_policy("mcts", problem, 20, 0))

    path = bench.folder / "supernet.safetensors"
    identity = {"settings": "s", "network": "n", "images": "i"}
    position = Position(4, 2.25, 2.5, "{}")
    before = {"a": torch.arange(24.0).reshape(4, 6), "b": torch.ones(3)}

    def progress(state: dict[str, torch.Tensor], paths: PolicyPaths) -> TrainingState:
        return TrainingState(path, state, {"momentum": torch.zeros(5)}, identity, 10, paths)

    learnt, resumed = drawing(), drawing()
    rows = learnt.draw(12, 32, np.random.default_rng(0))
    learnt.learn_losses(rows, np.linspace(2.0, 1.0, 12))
    progress(before, learnt).write(position)
    _damaged_tensors(bench, path)
    state = {name: torch.zeros_like(tensor) for name, tensor in before.items()}

    def use() -> None:
        found = progress(state, resumed).resume(Group(), torch.device("cpu"))
        same = all(torch.equal(state[name], tensor) for name, tensor in before.items())
        kept = resumed.state
        same &= all(np.array_equal(kept[name], one) for name, one in learnt.state.items())
        if found != position or not same:
            bench.wrong(f"{found} and other tensors were taken")

    bench.call(use)


def _damaged_tensors(bench: Bench, path: Path) -> None:
    """Bytes of the header, of the tensors, or the texts that are stored with them."""
    random = bench.random
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header, tensors = content[8 : 8 + length], content[8 + length :]
    way = random.random()
    if way < 0.4:
        at = random.randrange(len(tensors))
        changed = bytearray(tensors)
        changed[at] ^= 1 << random.randrange(8)
        content = content[: 8 + length] + bytes(changed)
        bench.note(f"byte {at} of the tensors")
    elif way < 0.7:
        described = json.loads(header)
        texts = dict(sorted(described.pop("__metadata__", {}).items()))  # the same in each run
        if random.random() < 0.7:
            texts = mutations.tree(texts, random, 1, mutations.json_value)
            if isinstance(texts, dict):
                texts = {str(key): str(value) for key, value in texts.items()}
        else:
            described = mutations.tree(described, random, 1, mutations.json_value)
        bench.note(texts)
        whole = {"__metadata__": texts, **described} if isinstance(described, dict) else described
        header = json.dumps(whole).encode()
        content = len(header).to_bytes(8, "little") + header + tensors
    else:
        content = mutations.raw(content, random)
    path.write_bytes(content)


def ratings(bench: Bench) -> None:
    """Block-wise ratings."""
    from hwnas.estimators.blockwise.rating_progress import read_ratings
    from hwnas.spaces.stages import StageSpace
    from tests.hostile.material import space

    bench.material.move_in(bench.folder)
    path = bench.folder / "ratings.safetensors"
    stages = StageSpace(space())
    before = read_ratings(path, stages)
    _damaged_tensors(bench, path)

    def use() -> None:
        losses = read_ratings(path, stages)
        if any((a != b).any() for a, b in zip(losses, before, strict=True)):
            bench.wrong("changed ratings were taken")

    bench.call(use)
