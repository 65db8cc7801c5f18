"""A run that was opened: its experiment and its folder, and what its stages share."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from hwnas.core.errors import ConfigError, RunError
from hwnas.core.listener import SILENT, Listener
from hwnas.latency.family import AnyLatency
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.keeping import keep_inputs
from hwnas.runs.opening import experiment_in, experiment_of, folder_of, load_with
from hwnas.runs.tracked import track, tracker_of
from hwnas.search.problem import SearchProblem

if TYPE_CHECKING:
    from hwnas.estimators.scores import Scores
    from hwnas.runs.searching import RunSearch


class OpenedRun:
    """One experiment and its folder, which is held for this process while something is done in it.

    Attributes:
        experiment: what the config names.
        folder: holds all that is made.
        listener: gets progress, sentences and warnings.
    """

    def __init__(
        self, experiment: Experiment, folder: RunFolder, listener: Listener = SILENT
    ) -> None:
        """Writes nothing; `open` is the usual way to make one."""
        self.experiment, self.folder, self.listener = experiment, folder, listener
        self._holding = self._images_shown = False
        self._posed: tuple[AnyLatency, SearchProblem] | None = None
        self._scores: Scores | None = None

    @classmethod
    def open(
        cls,
        source: str | Path,
        folder: str | Path | None = None,
        listener: Listener = SILENT,
        *,
        overrides: Mapping[str, Any] | None = None,
        data: str | None = None,
    ) -> Self:
        """The run of a config, new or begun, or the run of a folder; nothing is written yet.

        Args:
            source: a config's name, as in "quickstart", the path of its YAML file, or a run folder,
                whose own config counts then.
            folder: of the run; None for that of the config, `runs/<config>`.
            listener: gets progress, sentences and warnings.
            overrides: values that replace those of the config by dotted keys, as in
                {"train.epochs": 3, "search.budgets": {"latency": "5 ms"}}.
            data: the images, in place of those that the config names, or where they are now.

        Raises:
            ConfigError: there is no such config, or it is wrong.
            RunError: the folder is not of a run, or what it holds is damaged.
        """
        if overrides is not None and not isinstance(overrides, Mapping):
            raise ConfigError(
                "overrides must be a dictionary of dotted keys, as in {'train.epochs': 3}, and not "
                f"of the type {type(overrides).__name__}"
            )
        own = Path(source) / "config.yaml"
        if own.is_file() and not overrides and folder is None:
            return cls.of_folder(source, listener, data=data)
        if own.is_file():
            raise RunError(f"{source} is a run folder; to change its config, name {own}")
        named = dict(overrides or {}) | ({} if data is None else {"data.source": data})
        return cls.of_config(str(source), folder, listener, overrides=named)

    @classmethod
    def of_config(
        cls,
        config: str,
        folder: str | Path | None = None,
        listener: Listener = SILENT,
        *,
        overrides: Mapping[str, Any],
    ) -> Self:
        """The same of a config alone, whatever folder is called like it."""
        loaded = load_with(config, overrides)
        path = folder_of(config) if folder is None else Path(folder)
        return cls(experiment_of(config, loaded, path), RunFolder(path), listener)

    @classmethod
    def of_folder(
        cls, folder: str | Path, listener: Listener = SILENT, *, data: str | None = None
    ) -> Self:
        """The run of a folder, by its own config, wherever it was moved to.

        Args:
            folder: of the run.
            listener: gets progress, sentences and warnings.
            data: where its images are now, if not where they were.

        Raises:
            RunError: the folder is not of a run, or what it holds is damaged.
        """
        run = RunFolder(Path(folder))
        return cls(experiment_in(run, data), run, listener)

    def __repr__(self) -> str:
        space, device = self.experiment.config.space_name, self.experiment.config.device
        return (
            f"{type(self).__name__}({str(self.folder.path)!r}, space={space!r}, device={device!r})"
        )

    @contextmanager
    def held(self, *, images: bool = False, reading: bool = False) -> Iterator[Self]:
        """Holds the run's folder for this process, over several stages; makes it where it is new.

        Args:
            images: whether they are read: images that cannot be used leave no run behind.
            reading: see `RunFolder.open`.

        At the end, the tracker of the config is given what the run holds then.

        Raises:
            ConfigError: that tracker cannot work.
            RunError: the folder is another config's, or another process uses it.
            DataError: the images cannot be used.
        """
        if self._holding:
            if images:
                self.read_images()
            yield self
            return
        config = self.experiment.config
        if not reading:
            tracker_of(config, self.folder)
        self.folder.check(config)
        new = not self.folder.config_file.is_file()
        if images and new:
            self.read_images()
        with self.folder.open(config, reading=reading):
            if images and not new:  # others see that it is in use
                self.read_images()
            if not reading:
                keep_inputs(self.folder, self.experiment)
            self._holding = True
            try:
                yield self
            finally:
                posed, self._holding, self._posed = self._posed, False, None
            if not reading:
                problem = None if posed is None else posed[1]
                track(self.experiment, self.folder, self.listener, problem)

    def read_images(self) -> None:
        """Reads the images, once, and says what they are; see `hwnas.runs.images.read_images`."""
        from hwnas.runs.images import read_images

        if not self._images_shown:
            read_images(self.experiment, self.folder, self.listener)
            self._images_shown = True

    def untrained_scores(self) -> "Scores | None":
        """The scores of an estimator that needs nothing trained; None where something has to be."""
        from hwnas.runs.estimating import scores_without_weights

        if self._scores is None:
            self._scores = scores_without_weights(self.experiment, self.folder)
        return self._scores

    def pose(self) -> "tuple[AnyLatency, SearchProblem]":
        """The latency model and the search problem, built once while the folder is held."""
        if self._posed is None or not self._holding:
            latency = self.experiment.latency_model()
            self._posed = latency, self.experiment.problem(latency)
        return self._posed

    def result(self) -> "RunSearch":
        """What the run's last search found, without searching.

        Raises:
            RunError: the run was not searched to its end with its present settings.
        """
        from hwnas.runs.searching import search_result

        self.folder.check_searched()
        return search_result(self.experiment, self.folder, self.pose()[1])

    def forget_latencies(self) -> None:
        """Has every latency and energy model, and what sees it, read anew when it is needed."""
        self._posed = self._scores = None
        self.experiment.forget_latencies()
