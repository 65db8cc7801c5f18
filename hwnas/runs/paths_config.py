"""`train.paths` and `train.budgets` of a config: whether there is a policy, and what it draws."""

from collections.abc import Collection

from hwnas.core.configs import parse_config
from hwnas.core.errors import ConfigError
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.registry import POLICY, SUPERNET_FILE
from hwnas.objectives.budgets import device_of
from hwnas.search.policies import policy_class
from hwnas.training.train_config import UNIFORM, TrainSettings


def check_policy(train: TrainSettings) -> None:
    """Refuses a policy that is not there, and settings that it has not.

    Raises:
        ValueError: with a sentence.
    """
    name, settings = train.policy
    try:
        parse_config(settings, policy_class(name).settings_model, f"paths: {name}")
    except ConfigError as error:
        raise ValueError(str(error)) from error


def check_devices(train: TrainSettings | None, searched: Collection[str]) -> None:
    """Refuses budgets of a training on devices that the search has none on.

    Args:
        train: of a config.
        searched: the further devices of its search.

    Raises:
        ValueError: with a sentence.
    """
    for name in () if train is None else train.budgets:
        device = device_of(name)
        if device is not None and device not in searched:
            raise ValueError(
                f"train.budgets: {name} is a budget on a device that search.budgets have none on; "
                "write one there, too, or leave this one out"
            )


def check_drawn(
    train: TrainSettings | None, estimator: Estimator, *, several_resolutions: bool
) -> None:
    """Refuses a policy with nothing to draw, and an estimator with no policy to read.

    Args:
        train: of a config.
        estimator: of the same config, made of the parts that it names.
        several_resolutions: whether the space has more than one.

    Raises:
        ValueError: with a sentence.
    """
    if train is None or not train.drawn_by_policy:
        if estimator.name == POLICY:
            raise ValueError(
                "train.paths: accuracy.estimator: policy searches what a policy has learnt, "
                "and uniform paths teach none; name another policy, such as mcts"
            )
        return
    policy = train.policy[0]
    if estimator.holds_budgets and policy == UNIFORM:
        return
    key = "budgets" if policy == UNIFORM else "paths"
    if estimator.weights not in (None, SUPERNET_FILE):
        what = "budgets bound" if key == "budgets" else f"the policy {policy} draws"
        raise ValueError(
            f"train.{key}: {what} the paths of a supernet, and "
            f"accuracy.estimator: {estimator.name} trains none; leave one of them out"
        )
    if several_resolutions:
        raise ValueError(
            f"train.{key}: the policy {policy} draws networks of any resolution, and every "
            f"step of a training is of one; name one resolution, or leave out {key}"
        )
