"""RunConfig: one experiment, a file of `configs/searches/`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from hwnas.core.configs import LocalPath, StrictModel, find_config, parse_config, read_content
from hwnas.core.errors import BudgetError, ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.yaml_text import to_yaml
from hwnas.data.loading import DIGITS, one_spelling
from hwnas.estimators import ESTIMATORS, SUPERNET, find_estimator
from hwnas.objectives.budgets import check_cost, device_of
from hwnas.objectives.budgets_config import Budgets
from hwnas.runs.accuracy_config import AccuracyConfig, either
from hwnas.runs.choices_config import Resolutions, Widths
from hwnas.runs.export_config import ExportConfig
from hwnas.runs.overrides import put_values
from hwnas.runs.paths_config import check_devices, check_drawn, check_policy
from hwnas.runs.pretrained_config import SPACE, PretrainedConfig
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.space_config import ChosenSpace, SpaceName
from hwnas.runs.start_config import STARTS, check_start
from hwnas.runs.tracking import NONE, TRACKERS
from hwnas.search.executors.evaluation_limits import EvaluationLimits
from hwnas.search.mode import ASYNCHRONOUS, SYNCHRONOUS, Mode
from hwnas.search.searchers import (
    OF_KNOWN_SCORES,
    SEARCHERS,
    USUAL,
    check_mode,
    costs_asked,
    needs_known_score,
)
from hwnas.search.searchers.several_objectives import OTHER_OBJECTIVES
from hwnas.training.auto import FINE_TUNING, SUPERNET_LENGTH, resolved
from hwnas.training.train_config import TrainConfig, TrainSettings


class DataConfig(StrictModel):
    """Which images: a dataset by its name, or a folder of `class/name.jpg`."""

    source: LocalPath = DIGITS
    strict: bool = False
    limit: Annotated[int, Field(ge=10, le=10**9)] | None = None

    @field_validator("source")
    @classmethod
    def _one_spelling(cls, value: str) -> str:
        return one_spelling(value)


# What an estimator has its own defaults of.
_OF_ESTIMATOR = ("parts", "relaxation", "epochs")
# A score that costs microseconds is searched as a whole, and not rationed.
_OF_FREE_SCORES: dict[str, Any] = {
    "searchers": (OF_KNOWN_SCORES[0],),
    "evaluations": OF_KNOWN_SCORES[1],
}


class SearchConfig(StrictModel):
    """Budgets, searchers, and how many networks each searcher may judge.

    The defaults are `surrogate` and 200; with an estimator whose scores cost
    nothing (a predictor, a table, sums), `exact_front` and 5,000.

    `settings` holds those of searchers that are not to have their defaults, by searcher; `limits`
    are those of one evaluation, and need workers; `threads` are those that it computes with, by
    default all of the machine's, which workers share; in the `mode` asynchronous a worker that is
    free gets the next network at once.
    """

    budgets: Budgets
    searchers: Annotated[tuple[str, ...], Field(min_length=1)] = (USUAL[0],)
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    evaluations: Annotated[int, Field(ge=1, le=10_000_000)] = USUAL[1]
    mode: Mode = SYNCHRONOUS
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    limits: EvaluationLimits = EvaluationLimits()
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None

    @field_validator("searchers")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            try:
                SEARCHERS.check(name)
            except ConfigError as error:
                raise ValueError(str(error)) from error
        return tuple(dict.fromkeys(value))

    @field_validator("settings")
    @classmethod
    def _of_searchers(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for name, given in value.items():
            try:
                for cost in costs_asked(name, given):
                    check_cost(cost, OTHER_OBJECTIVES)
            except ConfigError as error:
                raise ValueError(str(error)) from error
            except BudgetError as error:
                raise ValueError(f"{name}: {error}") from error
        return value

    @property
    def costs(self) -> tuple[str, ...]:
        """The names of the costs that budgets are on, and that settings of searchers name."""
        asked = [one for name, given in self.settings.items() for one in costs_asked(name, given)]
        return tuple(dict.fromkeys([*self.budgets, *asked]))

    @property
    def further_devices(self) -> tuple[str, ...]:
        """The devices of those that are latencies on further ones, by name or path."""
        devices = map(device_of, self.costs)
        return tuple(dict.fromkeys(one for one in devices if one is not None))


@dataclass(frozen=True)
class RecipeSettings:
    """The parts of a config that weights come from: images, supernet, single networks."""

    data: DataConfig
    train: TrainSettings
    fine_tune: TrainSettings

    def resolved(self, images: int, resolution: int) -> "Recipe":
        """The same with numbers for `auto`, for so many training images of some pixels."""
        return Recipe(
            self.data,
            resolved(self.train, images, resolution, SUPERNET_LENGTH),
            resolved(self.fine_tune, images, resolution, FINE_TUNING),
        )


@dataclass(frozen=True)
class Recipe(RecipeSettings):
    """The same with a number for everything."""

    train: TrainConfig
    fine_tune: TrainConfig


class RunConfig(StrictModel):
    """Everything that decides an experiment's result, but for the device's timings.

    `tables` names the latency tables of the further devices that budgets are on. Where scores need
    no images (`data`) or settings of trainings, these may be left out. `width` multiplies the
    channels of the space; of several resolutions or widths the search chooses. `from_ofa` is a
    once-for-all checkpoint that the supernet starts from, `pretrained` a network that it starts
    from, around which `space` is where it is left out, `from_supernet` the file of a supernet that
    was trained before, perhaps from one of these. `tracker` is given what comes of the run.
    """

    space: SpaceName
    resolution: Resolutions | None = None
    width: Widths | None = None
    from_ofa: LocalPath | None = None
    pretrained: PretrainedConfig | None = None
    from_supernet: LocalPath | None = None
    data: DataConfig | None = None
    accuracy: AccuracyConfig = AccuracyConfig()
    device: LocalPath = "local_cpu"
    table: LocalPath | None = None
    tables: dict[str, LocalPath] = Field(default_factory=dict)
    profile: ProfileConfig = ProfileConfig()
    train: TrainSettings | None = None
    search: SearchConfig
    fine_tune: TrainSettings | None = None
    export: ExportConfig = ExportConfig()
    tracker: str = NONE

    @model_validator(mode="before")
    @classmethod
    def _around_what_is_pretrained(cls, content: Any) -> Any:
        named = content.get("pretrained") is not None and content.get("space") is None
        return {**content, "space": SPACE} if named else content

    @model_validator(mode="before")
    @classmethod
    def _what_the_estimator_needs(cls, content: Any) -> Any:
        """What is missing of it is asked for (`train.epochs`), or is the digits."""
        accuracy = content.get("accuracy")
        name = accuracy.get("estimator", SUPERNET) if isinstance(accuracy, dict) else SUPERNET
        if not isinstance(name, str) or name not in ESTIMATORS:
            return content  # refused by its name
        estimator = find_estimator(name)
        given = {key: value for key, value in content.items() if value is not None}
        if estimator.weights is not None or estimator.trains_candidates:
            return {"data": {}, "train": {}, "fine_tune": {}, **given}
        return {"data": {}, **given} if estimator.needs_images else content

    @field_validator("train")
    @classmethod
    def _of_a_supernet(cls, value: TrainSettings | None) -> TrainSettings | None:
        if value is not None and value.compile:
            raise ValueError(
                "compile is for single networks (a supernet runs another network at every step, "
                "and each would be compiled anew); write it in fine_tune"
            )
        if value is not None:
            check_policy(value)
        return value

    @field_validator("fine_tune")
    @classmethod
    def _of_one_network(cls, value: TrainSettings | None) -> TrainSettings | None:
        if value is None:
            return value
        usual = TrainSettings(epochs=1)
        for key in ("rule", "random_paths", "paths", "budgets"):
            if getattr(value, key) != getattr(usual, key):
                raise ValueError(f"{key} is for a supernet; write it in train")
        return value

    @field_validator("tracker")
    @classmethod
    def _known_tracker(cls, value: str) -> str:
        try:
            if value != NONE:
                TRACKERS.check(value, [NONE])
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return value

    @field_validator("from_ofa", "from_supernet")
    @classmethod
    def _path(cls, value: str | None) -> str | None:
        return None if value is None else str(Path(value))

    @model_validator(mode="after")
    def _searched_as_the_estimator_allows(self) -> Self:
        """What the config does not say of the search follows from what a score costs."""
        estimator, search = self.accuracy.scorer, self.search
        if estimator.free:
            given = search.model_fields_set
            missing = {key: value for key, value in _OF_FREE_SCORES.items() if key not in given}
            search = search.model_copy(update=missing)
            # Still not given: with another estimator, other defaults hold.
            search.model_fields_set.difference_update(missing)
            object.__setattr__(self, "search", search)
        for name in search.searchers:
            if not estimator.free and needs_known_score(name):
                raise ValueError(
                    f"search.searchers: {name} needs a score that costs nothing to compute, and "
                    f"{estimator.name} is none; name another searcher, or set accuracy.estimator "
                    f"to {either('free')}"
                )
        if search.mode == ASYNCHRONOUS and estimator.free:
            raise ValueError(
                f"search.mode: scores of {estimator.name} cost nothing to compute, and all of a "
                "question are computed at once; leave search.mode out"
            )
        for name in search.searchers:
            try:
                check_mode(name, search.mode)
            except ConfigError as error:
                raise ValueError(f"search.mode: {error}") from error
        for name in search.settings:
            if name not in search.searchers:
                raise ValueError(
                    f"search.settings: {name} is not among the searchers; add it to them or leave "
                    "its settings out"
                )
        return self

    @model_validator(mode="after")
    def _weights_to_start_from_are_of_a_supernet(self) -> Self:
        given = [key for key in STARTS if getattr(self, key) is not None]
        check_start(given, self.accuracy.scorer)
        return self

    @model_validator(mode="after")
    def _candidates_train_more_than_the_classifier(self) -> Self:
        epochs, train = self.accuracy.epochs, self.train
        if self.pretrained is None or epochs is None or train is None:
            return self
        if train.frozen_epochs and train.frozen_epochs >= epochs:
            raise ValueError(
                f"train.frozen_epochs is {train.frozen_epochs} and accuracy.epochs {epochs}, so "
                "that nothing but the classifier of a candidate would ever be trained; give more "
                "epochs, or freeze fewer"
            )
        return self

    @model_validator(mode="after")
    def _paths_are_drawn_where_they_can(self) -> Self:
        several = isinstance(self.resolution, tuple)
        check_devices(self.train, self.search.further_devices)
        check_drawn(self.train, self.accuracy.scorer, several_resolutions=several)
        return self

    @model_validator(mode="after")
    def _chosen_where_the_estimator_can(self) -> Self:
        for key in ("resolution", "width"):
            name = self.accuracy.estimator
            if isinstance(getattr(self, key), tuple) and not self.accuracy.scorer.families:
                raise ValueError(
                    f"{key}: accuracy.estimator: {name} is of one resolution and one width; name "
                    "one, or another estimator such as supernet"
                )
        return self

    @property
    def space_name(self) -> str:
        """The name of the space, or the path of its file."""
        return self.space.name if isinstance(self.space, ChosenSpace) else self.space

    @property
    def choices(self) -> str | None:
        """The path of the file of the choices that stay; None where all do."""
        return self.space.choices if isinstance(self.space, ChosenSpace) else None

    @property
    def expansion_step(self) -> int | None:
        """Channels from one width of an inverted residual to the next; None for the space's own."""
        return self.space.expansion_step if isinstance(self.space, ChosenSpace) else None

    @property
    def starts_from_published(self) -> bool:
        """Whether the supernet has seen other images before those of the run."""
        return self.from_ofa is not None or self.pretrained is not None

    @property
    def starts_from_weights(self) -> bool:
        """The same, or whether it has been trained before on the run's own images."""
        return self.starts_from_published or self.from_supernet is not None

    @property
    def trainable(self) -> bool:
        """Whether the config says what weights come from."""
        return None not in (self.data, self.train, self.fine_tune)

    @property
    def recipe(self) -> RecipeSettings:
        """What weights come from, as it is written.

        Raises:
            ConfigError: the config does without, since its scores come from elsewhere; or nothing
                would be trained, and no weights are named that may be taken as they are.
        """
        if self.data is None or self.train is None or self.fine_tune is None:
            names = ("data", "train", "fine_tune")
            missing = [name for name in names if getattr(self, name) is None]
            raise ConfigError(
                f"the config has no {', '.join(missing)}: accuracy.estimator: "
                f"{self.accuracy.estimator} searches without weights; to train or export networks, "
                "add what is missing as configs/searches/quickstart.yaml has it, and use a new run "
                "folder"
            )
        as_they_are = "epochs is 0, which takes weights as they are; name a published supernet by"
        if not self.train.epochs and not self.starts_from_weights:
            raise ConfigError(
                f"train.{as_they_are} from_ofa, a network by pretrained or a supernet that was "
                "trained before by from_supernet, or train for at least 1 epoch"
            )
        if not self.fine_tune.epochs and not self.starts_from_published:
            raise ConfigError(
                f"fine_tune.{as_they_are} from_ofa or a network by pretrained, or train for at "
                "least 1 epoch"
            )
        return RecipeSettings(self.data, self.train, self.fine_tune)

    def to_yaml(self) -> str:
        """The resolved config, every key written out."""
        return to_yaml(self.model_dump(mode="json"))


def load_run_config(name: str, overrides: dict[str, Any] | None = None) -> RunConfig:
    """The config of a shipped name or a YAML file, some keys replaced.

    Args:
        name: as in `configs/searches/`, or a path.
        overrides: dotted keys and their values, as in {"data.source": "photos"}.

    Raises:
        ConfigError: there is no such config, or it is wrong.
    """
    path, overrides = find_config("searches", name), overrides or {}
    written = read_content(path)
    given = {key.partition(".")[0] for key in overrides}
    if "space" not in written and given & {"space", "pretrained"}:
        written["space"] = overrides.get("space", SPACE)
    config = parse_config(written, RunConfig, shown(path))
    if not overrides:
        return config
    content = config.model_dump(mode="json")
    for key in _OF_FREE_SCORES:
        if key not in config.search.model_fields_set:
            del content["search"][key]  # it follows from the estimator, which may change
    accuracy = written.get("accuracy") or {}
    for key in _OF_ESTIMATOR:  # as far as it is written: the rest follows, too
        content["accuracy"][key] = accuracy.get(key)
    put_values(content, overrides)
    return parse_config(content, RunConfig, "the command line")
