"""What a person writes: YAML of searches, spaces and devices, and `--set`."""

from pathlib import Path
from typing import Any

import yaml

from tests.hostile import mutations
from tests.hostile.bench import Bench


def _yaml(bench: Bench, path: Path) -> Path:
    """A damaged copy of a config."""
    text, random = path.read_text(), bench.random
    if random.random() < 0.3:
        content = mutations.raw(text.encode(), random)
    elif random.random() < 0.15:
        content = mutations.lines(text, random).encode("utf-8", "surrogatepass")
    else:
        changed = mutations.tree(yaml.safe_load(text), random, random.choice((1, 1, 2)))
        content = _dumped(changed, allow_unicode=random.random() < 0.5)
    bench.note(content.decode("utf-8", "replace")[:300])
    to = bench.folder / f"mutated-{path.name}"
    to.write_bytes(content)
    return to


def _dumped(content: Any, *, allow_unicode: bool) -> bytes:
    try:
        text = yaml.safe_dump(content, allow_unicode=allow_unicode)
    except RecursionError:  # deeper than can be written is written by hand
        text = "name: " + "[" * 3000
    return text.encode("utf-8", "surrogatepass")


def searches(bench: Bench) -> None:
    """A search config: all that is checked before networks are judged."""
    from hwnas.runs.config import load_run_config
    from hwnas.runs.experiment import Experiment

    material = bench.material
    material.move_in(bench.folder)
    path = _yaml(
        bench, bench.random.choice((material.home / "known.yaml", material.home / "trained.yaml"))
    )

    def use() -> None:
        experiment = Experiment(load_run_config(str(path)))
        config = experiment.config
        if len(str(config.data)) < 10_000 and config.data and config.data.source == "digits":
            _ = experiment.space
        if config.device in ("npu.yaml",):
            experiment.problem(experiment.stored_latency_model())
        config.to_yaml().encode()

    bench.call(use)
    if bench.random.random() < 0.1:
        bench.command("train", path, "--run", "r", "--set", "space=nowhere")


def spaces(bench: Bench) -> None:
    """A search space: loaded, counted, sampled, its networks costed."""
    import numpy as np

    from hwnas.objectives.costs import MACS
    from hwnas.spaces import load_space

    shipped = Path(__file__).resolve().parents[2] / "configs" / "spaces"
    known = [bench.material.home / "space.yaml", *sorted(shipped.glob("*.yaml"))]
    path = _yaml(bench, bench.random.choice(known[:1] * 4 + known))

    def use() -> None:
        space = load_space(str(path))
        assert space.size > 0
        len(space.blocks())
        rows = space.canonical(space.sample(np.random.default_rng(0), 3))
        values = MACS.evaluate(space.networks(rows))
        if not (np.isfinite(values).all() and (values > 0).all()):
            bench.wrong(f"MACs {values}")

    bench.call(use)


CHOICES = """
format: kept choices of hwnas 1
space: small
networks: {of: 84, left: 18, share: 0.21}
shrunk_by: {method: pad_nas, estimator: table, seed: 0, stages: 4, networks: 100, keep: 0.1,
  judged: 84, settings: {best: 0.2}, budgets: {latency: 1 s}}
slots:
- slot: 1
  kept: [k3 e2]
  gone: [{choice: k5 e2, stage: 1, why: in 2 of the 20 best networks}]
- {slot: 2, kept: [skip, k5 e2], gone: [{choice: k3 e2, stage: 2, why: rare}]}
- {slot: 3, kept: [skip, k3 e2 se]}
"""


def choices(bench: Bench) -> None:
    """A file of kept choices, used with its space, and with another one."""
    import numpy as np

    from hwnas.spaces import load_space

    bench.material.move_in(bench.folder)
    whole = bench.folder / "choices.yaml"
    whole.write_text(CHOICES)
    path = _yaml(bench, whole)
    name = bench.random.choice(("space.yaml",) * 4 + ("nas_bench_macro",))

    def use() -> None:
        space = load_space(name, choices=str(path))
        rows = space.sample(np.random.default_rng(0), 5)
        if space.of_numbers(space.numbers_of(rows)).tolist() != rows.tolist():
            bench.wrong("numbers of choices do not lead back")
        if not 0 < space.size <= load_space(name).size:
            bench.wrong(f"{space.size} networks are left")

    bench.call(use)
    if bench.random.random() < 0.05:
        bench.command("search", "known.yaml", "--set", f"space.choices={path.name}", "--run", "r")


HUGE = (10**9, 10**6, 100_000, 2**31, 2**63, 10**30, 5000, 1000)


def sizes(bench: Bench) -> None:
    """Numbers of a space or a search that would take all memory, or never end."""
    from hwnas.runs.config import load_run_config
    from hwnas.spaces import load_space

    random = bench.random
    number = random.choice(HUGE)
    content = yaml.safe_load((bench.material.home / "space.yaml").read_text())
    stage = random.choice(content["stages"])
    key = random.choice(
        (
            "depth",
            "least",
            "channels",
            "kernels",
            "expansions",
            "blocks",
            "stem",
            "features",
            "hidden",
            "resolution",
            "classes",
            "stages",
            "stride",
            "squeeze_excite",
        )
    )
    bench.note(f"{key} {number}")
    many = min(number, 600)  # longer files are refused by their length
    if key == "depth":
        stage["depth"] = [1, number]
    elif key == "least":
        stage["depth"] = [number, number]
    elif key in ("channels", "stride"):
        stage[key] = number
    elif key == "kernels":
        stage["kernels"] = [3] * many
    elif key == "expansions":
        stage["expansions"] = list(range(1, many))
    elif key == "blocks":
        del stage["kernels"], stage["expansions"]
        stage["blocks"] = [{"kernel": 3, "expansion": one + 1} for one in range(many)]
    elif key == "stem":
        content["stem"]["channels"] = number
    elif key in ("features", "hidden"):
        content["head"][key] = number
    elif key == "stages":
        content["stages"] = content["stages"] * many
    elif key == "squeeze_excite":
        stage[key] = [True, False] * many
    else:
        content[key] = number
    (bench.folder / "space.yaml").write_text(yaml.safe_dump(content))
    width = random.choice((None, 4.0))

    def use() -> None:
        space = load_space("space.yaml", resolution=random.choice((None, 1024)), width=width)
        _ = space.size
        len(space.blocks())

    bench.call(use)
    bench.material.move_in(bench.folder)
    setting = random.choice(
        (
            "profile.fit_networks",
            "profile.check_networks",
            "train.batch_size",
            "train.epochs",
            "search.evaluations",
            "data.limit",
            "fine_tune.batch_size",
            "train.workers",
            "resolution",
            "train.random_paths",
        )
    )
    bench.call(lambda: load_run_config("trained.yaml", {setting: number}) and None)


SETTINGS = (
    "search",
    "search.budgets",
    "search.budgets.latency",
    "train.epochs",
    "train",
    "data",
    "data.source",
    "data.limit",
    "accuracy",
    "accuracy.estimator",
    "accuracy.file",
    "accuracy.relaxation",
    "accuracy.relaxation.gradient",
    "train.paths",
    "train.budgets",
    "device",
    "table",
    "tables",
    "tables.npu",
    "profile.chains",
    "search.searchers",
    "search.settings",
    "space",
    "search.settings.nsga2",
    "search.seed",
    "resolution",
    "width",
    "from_ofa",
    "from_supernet",
    "pretrained",
    "pretrained.file",
    "pretrained.mean",
    "export",
    "fine_tune.learning_rate",
    "",
    ".",
    "a.b.c.d",
    "train.epochs.x",
    "search..seed",
    "\x1b[31m",
)
VALUES = (
    "!!bool x",
    "!!int x",
    "!!python/object:os.system x",
    "9" * 5000,
    "1e9999",
    "-" + "9" * 400,
    "!!binary x",
    "!!timestamp x",
    "2026-13-45",
    "[" * 500,
    "{" * 200,
    "&a [*a]",
    "*a",
    "!!set {a}",
    "!!omap [a]",
    "!!pairs [a: b]",
    "!!float x",
    "? x",
    "|",
    ">",
    "%",
    "@",
    "`",
    "'",
    '"',
    "\\",
    "{a: 1, a: 2}",
    "1:30",
    "0224",
    "0o17",
    "0x1f",
    ".inf",
    ".nan",
    "~",
    "null",
    "yes",
    "[a, [b]]",
    "a: b: c",
    "- a",
    "\u202e",
    "\x07",
    "a\0b",
    "!!null x",
    "!!str [a]",
    "<<: 1",
    "{<<: {a: 1}}",
    "{? [a]: b}",
    "12:30:45",
    "1_000",
    "+.5",
    "=",
    "{}",
    "[]",
    "!!merge x",
    "---",
    "--- a\n--- b",
    "digits",
    "npu.yaml",
    "space.yaml",
    "known.yaml",
    "runs",
    ".",
    "/",
    "\ud800",
    "!x y",
)


def settings(bench: Bench) -> None:
    """`--set KEY=VALUE`, once or more."""
    random = bench.random
    bench.material.move_in(bench.folder)
    words = []
    for _ in range(random.choice((1, 1, 1, 2))):
        value = random.choice(VALUES) if random.random() < 0.7 else str(mutations.value(random))
        if random.random() < 0.2:
            value = mutations.raw(value.encode("utf-8", "surrogatepass"), random).decode(
                "utf-8", "surrogateescape"
            )
        words += ["--set", f"{random.choice(SETTINGS)}={value}"]
    bench.note(words)
    config = random.choice(("known.yaml", "trained.yaml"))
    # A run that is another config's: nothing is searched, however valid the settings are.
    (bench.folder / "taken").mkdir()
    (bench.folder / "taken" / "mine.txt").write_text("not a run")
    answer = bench.command("search", config, "--run", "taken", *words)
    if answer.done:
        bench.wrong("a folder of something else was taken")


def devices(bench: Bench) -> None:
    """A device's file: read, and shown where nothing is to be reached."""
    from hwnas.devices.device import load_device
    from hwnas.latency.identity import read_fingerprint

    home, random = bench.material.home, bench.random
    path = _yaml(
        bench, random.choice([home / f"{n}.yaml" for n in ("npu", "local", "board", "phone")])
    )

    def use() -> None:
        device = load_device(str(path))
        if not device.measurable:
            read_fingerprint(device)

    bench.call(use)
