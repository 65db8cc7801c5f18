"""Registry: parts by name, ours and those that installed packages bring by entry points.

A package of your own names its part in its `pyproject.toml`:

    [project.entry-points."hwnas.searchers"]
    tabu = "my_package:TabuSearch"

and every place that takes a searcher by name then knows `tabu`. The groups are those of the
registries, as `hwnas.searchers` or `hwnas.datasets`. Runs on targets, too: Python 3.10.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hwnas.core.errors import ConfigError, HwnasError
from hwnas.core.foreign_text import shown
from hwnas.core.spelling import nearest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

Part = TypeVar("Part")

_LOG = logging.getLogger(__name__)
_OBJECT = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*")


class Registry(Generic[Part]):
    """Parts of one kind by name. Nothing is imported before a part is asked for.

    Attributes:
        what: the kind, as messages call it: "searcher".
        group: of the entry points that bring further ones.
    """

    def __init__(
        self,
        what: str,
        group: str,
        ours: Mapping[str, "str | Part"],
        error: type[HwnasError] = ConfigError,
    ) -> None:
        """Takes our own parts.

        Args:
            what: see `Registry`.
            group: see `Registry`.
            ours: each part by name, or "module:attribute" where importing it costs time.
            error: what to raise.
        """
        self.what, self.group = what, group
        self._ours, self._error = dict(ours), error
        self._added: dict[str, Part] = {}
        self._warned: set[str] = set()

    @property
    def ours(self) -> list[str]:
        """The names of the parts that hwnas itself has."""
        return list(self._ours)

    def add(self, name: str, part: Part) -> None:
        """Makes an object known by a name, until this process ends.

        Raises:
            HwnasError: of the registry's type; it is the name of one of our parts.
        """
        if name not in self.ours:
            self._added[name] = part
        elif self._ours.get(name) != part:
            raise self._error(
                f"hwnas itself has a {self.what} '{shown(name)}'; give yours another name"
            )

    def names(self) -> list[str]:
        """The names of all parts: ours in their order, then added and installed ones."""
        others = sorted({*self._added, *self._points().names})
        return list(dict.fromkeys([*self._ours, *others]))

    def __contains__(self, name: object) -> bool:
        known = name in self._ours or name in self._added
        return known or name in self._points().names

    def check(self, name: str, others: Sequence[str] = ()) -> None:
        """Refuses a name that no part has; imports nothing.

        Args:
            name: which one.
            others: what else may stand in its place, for the message.

        Raises:
            HwnasError: of the registry's type; names the parts that are known.
        """
        if name not in self:
            known = [*self.names(), *others]
            raise self._error(
                f"there is no {self.what} '{shown(name)}'{nearest(name, known)} "
                f"(known: {', '.join(known)})"
            )

    def load(self, name: str) -> Part:
        """The part of a name; where a package brings one of ours, ours, and a warning says so.

        Raises:
            HwnasError: of the registry's type; there is none, two packages bring one of this
                name, or it cannot be imported.
        """
        if name in self._ours:
            self.warn_of_others(name)
            ours = self._ours[name]
            return load_object(ours) if isinstance(ours, str) else ours
        if name in self._added:
            return self._added[name]
        self.check(name)
        point = self._entry_point(name)
        try:
            found: Part = point.load()
        except Exception as error:
            raise self._error(
                f"the {self.what} '{name}' ({self.origin(name)}) cannot be imported: "
                f"{brief(error)}; correct that package or uninstall it"
            ) from error
        return found

    def load_as(self, name: str, kind: type[Part]) -> Part:
        """The same, held to what our own parts are: of a type, and with the name that it goes by.

        Raises:
            HwnasError: see `load`; or what a package brings is something else.
        """
        part = self.load(name)
        if not isinstance(part, kind) or getattr(part, "name", None) != name:
            raise self._error(
                f"the {self.what} '{name}' ({self.origin(name)}) must be a {kind.__name__} of that "
                "name; correct that package or uninstall it"
            )
        return part

    def origin(self, name: str) -> str:
        """Where a part is from, as messages say it: "my_package:TabuSearch of my-package 1.0".

        Raises:
            HwnasError: see `load`.
        """
        if name in self._ours:
            return "hwnas"
        if name in self._added:
            return "this process"
        point = self._entry_point(name)
        return f"{point.value} of {_package(point)}"

    def warn_of_others(self, name: str) -> None:
        """Says, once a process, that a package's part of a name of ours is never used."""
        if name in self._warned:
            return
        self._warned.add(name)
        for point in self._points().select(name=name):
            _LOG.warning(
                "warning: hwnas itself has a %s '%s', and that of %s is not used; give it another "
                "name in that package",
                self.what,
                name,
                _package(point),
            )

    def _points(self) -> "EntryPoints":
        from importlib.metadata import entry_points  # which a quick command does without

        return entry_points(group=self.group)

    def _entry_point(self, name: str) -> "EntryPoint":
        found = list(self._points().select(name=name))
        if len(found) > 1:
            packages = " and ".join(sorted(_package(point) for point in found))
            raise self._error(
                f"{packages} both bring a {self.what} '{name}'; uninstall one of them"
            )
        return found[0]


def is_object_path(text: str) -> bool:
    """Whether a text has the form "module:attribute"."""
    return _OBJECT.fullmatch(text) is not None


def load_object(path: str) -> Any:
    """The object that "module:attribute" names."""
    module, attribute = path.split(":")
    return getattr(import_module(module), attribute)


def brief(error: Exception) -> str:
    """An error of somebody's code in one line: its type and the first line of its text."""
    text = shown(str(error).strip().split("\n")[0])
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _package(point: "EntryPoint") -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "a package"
