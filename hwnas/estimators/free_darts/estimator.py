"""`accuracy.estimator: free_darts`, and its forms that look at images.

FreeDARTS (Zhang et al. 2021, arXiv 2106.11542) asks the mixing supernet of DARTS what each choice
contributes, at initialisation, and takes the best of every slot. Here the contributions are values
that are searched exactly, within budgets.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.estimators.drawn_images import drawn
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.free_darts.flow_form import flow_saliencies
from hwnas.estimators.free_darts.loss_forms import loss_saliencies
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.supernet.mixing import MixingSupernet

Form = Literal["synflow", "snip", "grasp"]

_NAMES: dict[Form, tuple[str, str]] = {
    "synflow": ("free_darts", "FreeDARTS saliency, SynFlow form"),
    "snip": ("free_darts_snip", "FreeDARTS saliency, SNIP form"),
    "grasp": ("free_darts_grasp", "FreeDARTS saliency, GraSP form"),
}


class FreeDartsEstimator(Estimator):
    """The sum of the saliencies of a network's choices, with initial weights of a seed.

    Every choice has weights of its own, as in DARTS. Where a slot's choices are parts of the widest
    one, the wider choice always has the larger flow, and networks of NAS-Bench-Macro were ranked
    worse (docs/benchmarks/ranking.md).

    A skip is worth what flows through it, or what the loss owes to it: in the SynFlow form next to
    nothing, since every block multiplies signals of positive weights. So that form likes deep
    networks and large blocks: compare its scores within a budget.
    """

    unit = "shares"
    families = False
    seeded = True
    free = True

    def __init__(self, form: Form) -> None:
        self.form = form
        self.name, self.label = _NAMES[form]
        self.needs_images = form != "synflow"

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        return self.of_values(inputs, self._values(inputs))

    def _values(self, inputs: EstimatorInputs) -> list[NDArray[np.float64]]:
        mixing = MixingSupernet(inputs.one_space, inputs.seed, own_weights=True)
        if self.form == "synflow":
            return flow_saliencies(mixing)
        images = drawn(inputs.dataset.train, inputs.seed)
        return loss_saliencies(mixing, images, self.form)


FREE_DARTS = FreeDartsEstimator("synflow")
FREE_DARTS_SNIP = FreeDartsEstimator("snip")
FREE_DARTS_GRASP = FreeDartsEstimator("grasp")
