"""RunConfig: one experiment, a file of `configs/searches/`."""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, field_validator

from devices.config import StrictModel, find_config, parse_config, read_config
from devices.errors import BudgetError, ConfigError
from hwnas.runs.budgets import BudgetText, parse_budget
from hwnas.search import SEARCHERS, searcher_settings
from hwnas.supernet.train_config import TrainConfig


class DataConfig(StrictModel):
    """Which images: the built-in digits, or a folder of `class/name.jpg`."""

    source: str = "digits"
    strict: bool = False
    limit: Annotated[int, Field(ge=10)] | None = None

    @field_validator("source")
    @classmethod
    def _one_spelling(cls, value: str) -> str:
        # photos and photos/ are the same folder; ./digits is a folder, digits is not.
        return value if value in ("digits", "./digits") else str(Path(value))


class ProfileConfig(StrictModel):
    """How many whole networks are measured: to fit the latency model, and to check it."""

    fit_networks: Annotated[int, Field(ge=4)] = 30
    check_networks: Annotated[int, Field(ge=2)] = 30


class SearchConfig(StrictModel):
    """Budgets, searchers, and how many networks each searcher may judge.

    `settings` holds those of searchers that are not to have their defaults, by searcher.
    """

    budgets: dict[str, str | float]
    searchers: Annotated[tuple[str, ...], Field(min_length=1)] = ("surrogate",)
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    evaluations: Annotated[int, Field(ge=1)] = 200
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0

    @field_validator("budgets")
    @classmethod
    def _readable(cls, value: dict[str, str | float]) -> dict[str, str | float]:
        for objective, text in value.items():
            try:
                parse_budget(objective, text)
            except BudgetError as error:
                raise ValueError(str(error)) from error
        return value

    @field_validator("searchers")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in SEARCHERS:
                raise ValueError(f"'{name}' is not known (known: {', '.join(SEARCHERS)})")
        return tuple(dict.fromkeys(value))

    @field_validator("settings")
    @classmethod
    def _of_searchers(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for name, given in value.items():
            try:
                searcher_settings(name, given)
            except ConfigError as error:
                raise ValueError(str(error)) from error
        return value

    def parsed_budgets(self) -> list[BudgetText]:
        """The budgets, read."""
        return [parse_budget(objective, text) for objective, text in self.budgets.items()]


class RunConfig(StrictModel):
    """Everything that decides an experiment's result, but for the device's timings."""

    space: str
    resolution: Annotated[int, Field(ge=8, le=1024)] | None = None
    data: DataConfig = DataConfig()
    device: str = "local_cpu"
    table: str | None = None
    profile: ProfileConfig = ProfileConfig()
    train: TrainConfig
    search: SearchConfig
    fine_tune: TrainConfig

    def to_yaml(self) -> str:
        """The resolved config, every key written out."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def load_run_config(name: str, overrides: dict[str, Any] | None = None) -> RunConfig:
    """The config of a shipped name or a YAML file, some keys replaced.

    Args:
        name: as in `configs/searches/`, or a path.
        overrides: dotted keys and their values, as in {"data.source": "photos"}.

    Raises:
        ConfigError: there is no such config, or it is wrong.
    """
    config = read_config(find_config("searches", name), RunConfig)
    if not overrides:
        return config
    content = config.model_dump(mode="json")
    for key, value in overrides.items():
        *parents, last = key.split(".")
        node = content
        for parent in parents:
            node = node.setdefault(parent, {})
            if not isinstance(node, dict):
                raise ConfigError(f"the command line: '{parent}' in '{key}' holds no keys")
        node[last] = value
    return parse_config(content, RunConfig, "the command line")
