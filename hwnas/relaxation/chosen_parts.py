"""The parts that settings of a relaxation name."""

from hwnas.core.errors import ConfigError
from hwnas.core.part_texts import named
from hwnas.relaxation.gradients import parsed_gradient
from hwnas.relaxation.parts import make_part
from hwnas.relaxation.penalties import PENALTIES, Penalty
from hwnas.relaxation.regularisers import REGULARISERS, Regulariser
from hwnas.relaxation.schedules import SCHEDULES, Schedule
from hwnas.relaxation.selectors import SELECTORS, Selector
from hwnas.relaxation.settings import LearningSettings, RelaxationSettings


def check_parts(settings: RelaxationSettings) -> None:
    """Refuses parts that are not there, and settings that they have not.

    Raises:
        ConfigError: with a sentence.
    """
    parsed_gradient(*named(settings.gradient))
    if not (found := regulariser_of(settings)).of_logits:
        raise ConfigError(
            f"regulariser: {found.name} is of weights without a softmax, which the estimator "
            "sparse learns, by settings of its own; name none or entropy"
        )
    penalty_of(settings)
    schedule_of(settings)
    selector_of(settings)


def regulariser_of(settings: RelaxationSettings) -> Regulariser:
    """The regulariser that settings name."""
    name, own = named(settings.regulariser)
    return make_part(REGULARISERS, name, Regulariser, own)


def penalty_of(settings: LearningSettings) -> Penalty:
    """The penalty that settings name."""
    name, own = named(settings.penalty)
    return make_part(PENALTIES, name, Penalty, own)


def schedule_of(settings: LearningSettings) -> Schedule:
    """The schedule that settings name."""
    name, own = named(settings.schedule)
    return make_part(SCHEDULES, name, Schedule, own)


def selector_of(settings: RelaxationSettings) -> Selector:
    """The selector that settings name."""
    name, own = named(settings.selector)
    return make_part(SELECTORS, name, Selector, own)
