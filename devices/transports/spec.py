"""TransportSpec: all that hwnas has to know of a transport before one is opened."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hwnas.core.errors import DeviceError, HwnasError
from hwnas.core.foreign_text import shown
from hwnas.core.registry import brief, is_object_path, load_object
from hwnas.devices.transports.transport import Transport

Factory = Callable[..., Transport]
"""Takes a `Device` and a private folder on this machine, which is removed at the end."""


@dataclass(frozen=True)
class TransportSpec:
    """One transport. A package of your own brings one by an entry point of `hwnas.transports`.

    Attributes:
        name: what devices call it (`transport: NAME`).
        factory: what makes the `Transport` of a `Device` and a private folder on this machine, or
            "module:attribute" of it.
        keys: keys of a device's file that are for this transport alone.
        options: what may stand under `options` in a device's file.
        required: of `keys` and `options`, those that must be there.
        remote: the target is another machine, or acts as one: it has a working folder of its own,
            and its architecture is not that of this machine.
    """

    name: str
    factory: Factory | str
    keys: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    remote: bool = True

    def __post_init__(self) -> None:
        """Refuses what cannot make a transport.

        Raises:
            DeviceError: the factory is neither a callable nor a path of one.
        """
        if isinstance(self.factory, str):
            fits = is_object_path(self.factory)
        else:
            fits = callable(self.factory)
        if not fits:
            raise DeviceError(
                f"the factory {shown(repr(self.factory))} of the transport {self.name} is neither "
                "callable nor of the form 'module:attribute'"
            )

    def open(self, device: object, folder: Path) -> Transport:
        """The transport to a `Device`; `folder` is a private one on this machine.

        Raises:
            DeviceError: a program that it needs is missing on this machine, or the factory cannot
                be imported.
        """
        return self._made()(device, folder)

    def _made(self) -> Factory:
        if not isinstance(self.factory, str):
            return self.factory
        try:
            factory: Factory = load_object(self.factory)
        except HwnasError:
            raise
        except Exception as error:
            raise DeviceError(
                f"the factory '{self.factory}' of the transport {self.name} cannot be imported: "
                f"{brief(error)}; correct its path or install its package"
            ) from error
        return factory
