"""The algorithms of pymoo, each a searcher.

MOEA/D is not among them, pymoo's knows no constraints; nor are AGE-MOEA and AGE-MOEA-II, pymoo's
need numba.
"""

from typing import Any, ClassVar

from pymoo.algorithms.moo.ctaea import CTAEA
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.algorithms.moo.nsga3 import NSGA3
from pymoo.algorithms.moo.rvea import RVEA
from pymoo.algorithms.moo.sms import SMSEMOA
from pymoo.algorithms.moo.spea2 import SPEA2, SPEA2Survival
from pymoo.algorithms.moo.unsga3 import UNSGA3
from typing_extensions import override

from hwnas.search.searchers.pymoo_search import PymooSearch


class NSGA2Search(PymooSearch):
    """NSGA-II: rank of dominance, then crowding distance (Deb et al. 2002)."""

    name: ClassVar[str] = "nsga2"

    @override
    def _make(self, size: int, parts: dict[str, Any]) -> Any:
        return NSGA2(pop_size=size, **parts)


class NSGA3Search(PymooSearch):
    """NSGA-III: rank of dominance, then niches of reference directions (Deb and Jain 2014)."""

    name: ClassVar[str] = "nsga3"

    @override
    def _make(self, size: int, parts: dict[str, Any]) -> Any:
        return NSGA3(self._directions(size), pop_size=size, **parts)


class UNSGA3Search(PymooSearch):
    """U-NSGA-III: NSGA-III with tournaments within a niche (Seada and Deb 2016)."""

    name: ClassVar[str] = "unsga3"

    @override
    def _make(self, size: int, parts: dict[str, Any]) -> Any:
        return UNSGA3(self._directions(size), pop_size=size, **parts)


class SMSEMOASearch(PymooSearch):
    """SMS-EMOA: least contribution to the hypervolume dies (Beume et al. 2007)."""

    name: ClassVar[str] = "smsemoa"

    @override
    def _make(self, size: int, parts: dict[str, Any]) -> Any:
        return SMSEMOA(pop_size=size, **parts)


class RVEASearch(PymooSearch):
    """RVEA: angle-penalised distance along reference vectors (Cheng et al. 2016)."""

    name: ClassVar[str] = "rvea"

    @override
    def _make(self, size: int, parts: dict[str, Any]) -> Any:
        return RVEA(self._directions(size), pop_size=size, **parts)


class CTAEASearch(PymooSearch):
    """C-TAEA: an archive for convergence and one for diversity (Li et al. 2019)."""

    name: ClassVar[str] = "ctaea"

    @override
    def _make(self, size: int, parts: dict[str, Any]) -> Any:
        return CTAEA(self._directions(size), **parts)


class SPEA2Search(PymooSearch):
    """SPEA2: strength of dominators and density (Zitzler et al. 2001)."""

    name: ClassVar[str] = "spea2"

    @override
    def _make(self, size: int, parts: dict[str, Any]) -> Any:
        # The survival of its default argument carries one search's extremes into the next.
        return SPEA2(pop_size=size, survival=SPEA2Survival(normalize=True), **parts)
