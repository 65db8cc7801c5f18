"""The registry of searchers, in which every policy is a searcher of the same name."""

from collections.abc import Mapping

from typing_extensions import override

from hwnas.core.registry import Registry
from hwnas.search.policies import POLICIES, Policy, policy_class
from hwnas.search.searchers.searcher import Searcher


class SearcherRegistry(Registry[type[Searcher]]):
    """Searchers, then policies. Names of our own policies stay theirs, as those of searchers do."""

    def __init__(self, ours: Mapping[str, str]) -> None:
        """Takes our own searchers, "module:attribute" by name."""
        super().__init__("searcher", "hwnas.searchers", ours)

    @property
    @override
    def ours(self) -> list[str]:
        return [*super().ours, *POLICIES.ours]

    @override
    def names(self) -> list[str]:
        return list(dict.fromkeys([*self.ours, *super().names(), *POLICIES.names()]))

    @override
    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in POLICIES

    @override
    def load(self, name: str) -> type[Searcher]:
        if name in POLICIES.ours:
            self.warn_of_others(name)
        elif super().__contains__(name) or name not in POLICIES:
            return super().load(name)
        return of_policy(policy_class(name))

    @override
    def origin(self, name: str) -> str:
        if name not in POLICIES.ours and super().__contains__(name):
            return super().origin(name)
        return POLICIES.origin(name) if name in POLICIES else super().origin(name)


def of_policy(policy: type[Policy]) -> type[Searcher]:
    """The searcher of a policy."""
    from hwnas.search.searchers.policy_search import policy_searcher  # loads exact searches

    return policy_searcher(policy)
