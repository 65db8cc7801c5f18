"""The run folder: one experiment's files, its config, and one process at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import reduce
from pathlib import Path
from typing import Any, Self

from hwnas.core.configs import read_config
from hwnas.core.digests import SHA256, digest
from hwnas.core.errors import ConfigError, DataError, RunError
from hwnas.core.files import check_name, may_be_written, remove_remains, write_atomically
from hwnas.core.foreign_text import shown
from hwnas.core.lock import locked
from hwnas.data.loading import decoder_name, is_name
from hwnas.estimators import SUPERNET, find_estimator
from hwnas.runs.config import RunConfig
from hwnas.runs.inputs import FILE, read_inputs
from hwnas.runs.sources import NOTHING_HELD, Sources

# What a trained supernet, or scores from elsewhere, depend on; everything else may change between
# two commands.
FIXED = (
    "space",
    "choices",
    "expansion_step",
    "resolution",
    "width",
    "from_ofa",
    "pretrained.file",
    "pretrained.network",
    "pretrained.mean",
    "pretrained.std",
    "from_supernet",
    "data",
    "train",
    "accuracy.estimator",
    "accuracy.teacher",
    "accuracy.parts",
    "accuracy.relaxation",
    "accuracy.epochs",
    "accuracy.stop",
)
# Keys that a config writes elsewhere than `_content` has them.
_WRITTEN = {"choices": "space.choices", "expansion_step": "space.expansion_step"}
# What decides no weights: trained on a GPU, searched on a laptop; how a mixture is read.
FREE = ("train.device", "accuracy.relaxation.selector")
# Names of files and folders: these may be elsewhere, with the same content.
PATHS = (
    *("space", "choices", "data.source"),
    *("from_ofa", "pretrained.file", "from_supernet", "accuracy.teacher"),
)


class RunFolder:
    """Paths of a run, held by one process while it is open."""

    def __init__(self, path: Path) -> None:
        """Names a run folder; nothing is written before `open`."""
        self.path = path

    @property
    def config_file(self) -> Path:
        """The resolved config."""
        return self.path / "config.yaml"

    @property
    def inputs_file(self) -> Path:
        """What the run holds of the files that its config names."""
        return self.path / FILE

    @property
    def journal_file(self) -> Path:
        """Every evaluation."""
        return self.path / "run.sqlite"

    @property
    def ranking_file(self) -> Path:
        """Scores and trainings of `hwnas rank`, and scores of `hwnas shrink`."""
        return self.path / "ranking.sqlite"

    @property
    def choices_file(self) -> Path:
        """The choices that `hwnas shrink` has left."""
        return self.path / "choices.yaml"

    @property
    def stages_folder(self) -> Path:
        """The supernets that were trained before the stages of `hwnas shrink`."""
        return self.path / "shrinking"

    @property
    def supernet_file(self) -> Path:
        """The trained supernet."""
        return self.weights_file(SUPERNET)

    def weights_file(self, estimator: str) -> Path:
        """What is trained for an estimator that needs it."""
        return self.path / str(find_estimator(estimator).weights)

    @property
    def log_folder(self) -> Path:
        """How the supernet's training went, for TensorBoard."""
        return self.path / "tensorboard"

    @property
    def candidates_folder(self) -> Path:
        """Checkpoints of networks while they are trained to be scored."""
        return self.path.resolve() / "candidates"

    @property
    def front_file(self) -> Path:
        """The joined front."""
        return self.path / "front.csv"

    @property
    def summary_file(self) -> Path:
        """The figures of the exported winner."""
        return self.path / "summary.json"

    @property
    def report_file(self) -> Path:
        """The page."""
        return self.path / "report.html"

    @property
    def picture_file(self) -> Path:
        """The picture of the front."""
        return self.path / "front.svg"

    def export_folder(self, name: str) -> Path:
        """Where a network's files go."""
        return self.path / "export" / name

    def config(self) -> RunConfig:
        """The config of an existing run.

        Raises:
            RunError: this is not a run folder.
        """
        self._check_name()
        if not self.config_file.is_file():
            raise RunError(
                f"{self.path} is not a run folder (it has no config.yaml); {self._meant()}"
            )
        return read_config(self.config_file, RunConfig)

    def _meant(self) -> str:
        """What to name in the place of something that is no run."""
        for parent in self.path.parents:
            if (parent / "config.yaml").is_file() and (parent / "inputs.json").is_file():
                return f"it is a part of the run {parent}; name that"
        if self.path.is_file() and self.path.suffix in (".yaml", ".yml"):
            usual = Path("runs") / self.path.stem
            return f"it is a config; name the folder of its run, usually {usual}"
        return "make one with 'hwnas train' and 'hwnas search'"

    def sources(self, *, as_searched: bool = False) -> Sources:
        """Where what the config names is found, wherever the run folder is now.

        Args:
            as_searched: see `Sources`.

        Raises:
            RunError: what the run holds is damaged.
        """
        inputs, here = read_inputs(self.path), self.path.resolve()
        # By default a run is made in runs/ of a working folder.
        folders = [Path.cwd(), here.parent.parent, here.parent]
        if inputs is not None:
            moved = Path(os.path.normpath(here / inputs.made_in_from_run))
            folders = [moved, Path(inputs.made_in), Path.cwd()]
        # Paths of the working folder stay as they are written.
        short = tuple(Path() if one == Path.cwd() else one for one in folders)
        return Sources(self.path, inputs, short, as_searched=as_searched)

    def _check_name(self) -> None:
        check_name(self.path, RunError, "rename the run folder, or name another one with --run")

    @property
    def holds_results(self) -> bool:
        """Whether something was trained or judged: what it is made of must stay then."""
        return self.journal_file.is_file() or any(
            next(self.path.glob(pattern), None) is not None
            for pattern in ("*.safetensors", "ranking*", "export")
        )

    def check_images(self, fingerprint: str, source: str) -> None:
        """Refuses images that are not those of the run.

        Args:
            fingerprint: of the images that were read, see `ImageDataset`.
            source: where they are from.

        Raises:
            RunError: the run has others.
        """
        inputs = read_inputs(self.path)
        held = inputs.images if inputs is not None else None
        if held is None or held.fingerprint in (None, fingerprint) or not self.holds_results:
            return
        decoder = decoder_name()
        other = held.decoder and held.decoder != decoder
        why = f" (read with {held.decoder} then and with {decoder} now)" if other else ""
        raise RunError(
            f"{self.path} was made with other images, from {shown(held.found)}: the ones of "
            f"{shown(source)} differ from them{why}; name the folder of the same images with "
            "--data, or another run folder with --run"
        )

    def check_searched(self) -> None:
        """Raises RunError unless the run has a journal."""
        if not self.journal_file.is_file():
            raise RunError(f"{self.path} was not searched yet; run 'hwnas search' with its config")

    def check_trained(self, estimator: str = SUPERNET) -> None:
        """Raises RunError unless the run has what an estimator needs trained."""
        if find_estimator(estimator).weights is None:
            return
        weights = self.weights_file(estimator)
        if not weights.is_file():
            option = "" if estimator == SUPERNET else f" --estimator {estimator}"
            raise RunError(
                f"{self.path} has no {trained_text(weights)}; run 'hwnas train{option}' with the "
                "same config first"
            )

    @contextmanager
    def open(self, config: RunConfig, *, reading: bool = False) -> Iterator[Self]:
        """Creates the folder with its config, or continues it when it belongs to this one.

        Of an existing run the stored config stays, until `adopt`. Search and fine-tuning settings
        may differ: what was trained and judged stays valid. A run that is only read may be another
        user's, and several processes may read it.

        Raises:
            RunError: another config's folder (the message names the key that differs), a folder
                of something else, or one that another process uses.
        """
        self.check(config)
        busy = f"another hwnas process is using {self.path}; wait for it"
        if not reading and self.path.is_dir() and not may_be_written(self.path):
            raise RunError(
                f"the run folder {self.path} is read-only for this user; copy it to a folder of "
                f"yours ('cp -r {self.path} COPY') and name the copy"
            )
        with locked(self.path / ".lock", error=RunError, busy=busy, reading=reading):
            if not reading:
                remove_remains(self.path, depth=2)
            if not self.config_file.is_file():
                self.adopt(config)
            try:
                yield self
            finally:
                if not reading:
                    with suppress(OSError):  # it holds what an interrupted training goes on from
                        self.candidates_folder.rmdir()

    def adopt(self, config: RunConfig) -> None:
        """Makes this the run's config: what `export` and `report` go by."""
        write_atomically(self.config_file, config.to_yaml(), error=RunError)

    def check(self, config: RunConfig) -> None:
        """Raises RunError when the folder is another config's or something else."""
        self._check_name()
        if self.path.exists() and not self.path.is_dir():
            raise RunError(f"{self.path} is a file; name another run folder with --run")
        if not self.config_file.is_file():
            # The remains of a process that was killed while it began are no reason to refuse.
            found = list(self.path.iterdir()) if self.path.is_dir() else []
            if any(item.name[0] != "." for item in found):
                raise RunError(
                    f"{self.path} is not empty and not a run folder; name another one with --run"
                )
            return
        before, after = _content(self.config()), _content(config)
        for key in PATHS:
            there, here = _at(before, key), _at(after, key)
            if there != here and None not in (there, here) and self._is_same(key, there, here):
                _put(before, key, here)
        for key in FIXED:
            difference = _difference(_WRITTEN.get(key, key), _at(before, key), _at(after, key))
            if difference:
                raise RunError(
                    f"{self.path} belongs to another config: {difference}; "
                    "name another folder with --run, or remove this one to start over"
                )

    def _is_same(self, key: str, there: str, here: str) -> bool:
        """Whether two paths of the config may be of the same thing, in another place."""
        sources = self.sources()
        if key == "data.source":
            # Which pixels they are, `check_images` and the checkpoints know.
            if is_name(there) or is_name(here):
                return False
            classes = NOTHING_HELD.class_names(here)
            try:
                return sources.class_names(there) == classes
            except DataError:  # they were moved away, and the run does not know their classes
                return True
        if key == "space":
            space = NOTHING_HELD.space(here)
            try:
                return sources.space(there) == space
            except ConfigError:  # it was moved away, and the run does not hold it
                return False
        if key == "choices":
            choices = NOTHING_HELD.choices(here)
            try:
                return sources.choices(there) == choices
            except ConfigError:
                return False
        held = sources.inputs.digests.get(key) if sources.inputs is not None else None
        return content_digest(Path(here)) in (held, content_digest(Path(sources.find(there))))


def run_of_config(config: str) -> RunFolder | None:
    """The run whose own `config.yaml` a config is; None for every other config."""
    path = Path(config)
    run = RunFolder(path.parent)
    marks = (run.inputs_file, run.journal_file, run.path / ".lock")
    own = path.name == run.config_file.name and path.is_file()
    return run if own and any(mark.is_file() for mark in marks) else None


def content_digest(path: Path) -> str:
    """SHA-256 of a file, or of the files of an exported network; of the path where it is gone."""
    files = [path / "config.json", path / "model.safetensors"] if path.is_dir() else [path]
    contents = [file.read_bytes() if file.is_file() else str(file).encode() for file in files]
    return digest(b"".join(contents), SHA256)


def _content(config: RunConfig) -> dict[str, Any]:
    """The values of a config by its keys; the parts of the space apart."""
    content = config.model_dump(mode="json")
    return content | {
        "space": config.space_name,
        "choices": config.choices,
        "expansion_step": config.expansion_step,
    }


def _at(content: dict[str, Any], key: str) -> Any:
    return reduce(lambda node, part: node and node[part], key.split("."), content)


def _put(content: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    reduce(lambda node, part: node[part], parents, content)[last] = value


def _difference(key: str, before: Any, after: Any) -> str | None:
    if key in FREE:
        return None
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before | after:
            found = _difference(f"{key}.{name}", before.get(name), after.get(name))
            if found:
                return found
        return None
    if before == after:
        return None
    there, here = ("not set" if value is None else repr(value) for value in (before, after))
    return f"{key} is {there} there and {here} here"


def trained_text(weights: Path) -> str:
    """What an estimator keeps, in words: "trained supernet"; of what are no weights, its name."""
    return f"trained {weights.stem}" if weights.suffix == ".safetensors" else weights.name
