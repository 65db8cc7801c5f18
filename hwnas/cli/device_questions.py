"""What `hwnas devices add` asks on a terminal: whatever the options do not say."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hwnas.core.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

FIXED = (
    "fixed performance (changes a setting of the phone while measuring, and takes it back: "
    "Android 11 and later keep clocks that they can hold)"
)


def check_given(given: Mapping[str, Any]) -> None:
    """Judges what the options say, before anything is asked.

    Raises:
        ConfigError: a value is wrong; what is missing is not.
    """
    for key in given:
        if key != "cores":  # which goes with threads, and those may still be asked for
            _check(given, key, "the command line")


def ask(given: Mapping[str, Any], console: "Console") -> dict[str, Any]:
    """The keys of a device: those given, and those that a person answers.

    Raises:
        ConfigError: the answers ended before the questions.
    """
    questions = _Questions(dict(given), console)
    try:
        questions.ask_all()
    except EOFError as error:
        raise ConfigError(
            "the questions were not answered to their end; nothing was written"
        ) from error
    return questions.answers


class _Questions:
    """Questions, and the answers so far by key."""

    def __init__(self, answers: dict[str, Any], console: "Console") -> None:
        self.answers = answers
        self._console = console

    def ask_all(self) -> None:
        """Asks for every key that matters for the kind of device and has no answer yet."""
        from hwnas.devices.deployments import DEPLOYMENTS
        from hwnas.devices.runtimes import RUNTIMES, load_spec
        from hwnas.devices.transports import TRANSPORTS

        self._ask("name", "name, as in --device NAME")
        self._ask("transport", "how it is reached", default="local", choices=TRANSPORTS.names())
        transport = self.answers["transport"]
        if transport == "ssh":
            self._ask("host", "host, as in 'ssh HOST'")
            self._ask("user", "user (empty: as your ssh configuration says)", default="")
            self._ask("port", "port (empty: as your ssh configuration says)", default="")
        if transport == "adb":
            self._ask_serial()
        self._ask_options(transport)
        if transport in TRANSPORTS:
            usual = usual_agent(self.answers).get("agent", "python")
            agents = DEPLOYMENTS.names()
            self._ask("agent", "program that runs there", default=usual, choices=agents)
        if _needs_arch(self.answers):
            self._ask(
                "arch",
                "its architecture, as 'uname -m' says there",
                default="aarch64",
                choices=("aarch64", "x86_64"),
            )
        if transport in TRANSPORTS and self.answers["agent"] == "python":
            self._ask(
                "runtime",
                "runtime (all but onnxruntime are for NVIDIA GPUs)",
                default="onnxruntime",
                choices=RUNTIMES.names(),
            )
        able = load_spec(self.answers.get("runtime", "onnxruntime")).precisions
        self._ask("precision", "precision", default="fp32", choices=able)
        self._ask("threads", "threads of an inference", default="1")
        if transport in TRANSPORTS:
            self._ask("rest_s", "seconds of rest before each round, to cool down", default="0")
            self._ask("limit_celsius", "wait while it is above °C (empty: never)", default="")
        if transport == "adb":
            self._ask("fixed_performance", FIXED, default="no", choices=("yes", "no"))

    def _ask_serial(self) -> None:
        from hwnas.devices.transports.attached import attached

        if "serial" in self.answers:
            return
        found = attached()
        for serial, state in found.items():
            self._say(f"attached: {serial} ({'ready' if state == 'device' else state})")
        if not found:
            self._say("'adb devices' lists none now; its serial can also be written later")
        only = next(iter(found)) if len(found) == 1 else ""
        self._ask("serial", "serial (empty: the only one attached)", default=only)

    def _ask_options(self, transport: str) -> None:
        """Asks what a transport of an installed package needs to know."""
        from rich.prompt import Prompt
        from rich.text import Text

        from hwnas.devices.transports import TRANSPORTS, load_transport

        spec = load_transport(transport) if transport in TRANSPORTS else None
        options = dict(self.answers.get("options", {}))
        for name in () if spec is None else spec.options:
            needed = spec is not None and name in spec.required
            while name not in options:
                question = Text(name if needed else f"{name} (empty: as usual)")
                answer = Prompt.ask(question, console=self._console, default="", show_default=False)
                if answer:
                    options[name] = answer
                elif not needed:
                    break
        if options:
            self.answers["options"] = options

    def _ask(
        self, key: str, question: str, *, default: str | None = None, choices: Sequence[str] = ()
    ) -> None:
        """Asks until the answer can be; "" leaves the key out."""
        from rich.prompt import Prompt
        from rich.text import Text

        if len(choices) == 1:
            self.answers.setdefault(key, choices[0])
        while key not in self.answers:
            answer = Prompt.ask(
                Text(question),
                console=self._console,
                choices=list(choices) or None,
                default=... if default is None else default,
                show_default=bool(default),
            )
            if answer == "" and default == "":
                return
            try:
                _check({**self.answers, key: answer or ""}, key, "that cannot be")
            except ConfigError as error:
                self._say(str(error))
            else:
                self.answers[key] = answer

    def _say(self, text: str) -> None:
        self._console.print(text, soft_wrap=True, markup=False)


def usual_agent(content: Mapping[str, Any]) -> dict[str, str]:
    """The agent where none is named: phones are Arm and have no Python."""
    runtime = content.get("runtime", "onnxruntime")
    phone = content.get("transport") == "adb" and runtime == "onnxruntime"
    return {"agent": "native", "arch": "aarch64"} if phone else {}


def _needs_arch(content: Mapping[str, Any]) -> bool:
    """Whether the agent has to know for which architecture it is; here it knows."""
    far = content.get("transport", "local") != "local"
    return far and content.get("agent") == "native" and not {"arch", "bundle"} & {*content}


def _check(content: Mapping[str, Any], key: str, source: str) -> None:
    """Judges one value, beside those that decide whether the key may be there at all."""
    from hwnas.core.configs import parse_config
    from hwnas.devices.device import Device
    from hwnas.devices.transports import TRANSPORTS, load_transport

    deciding = ("transport", "options", "agent", "runtime", "precision")
    beside = {name: content[name] for name in deciding if name in content}
    if beside.get("transport") in TRANSPORTS:
        spec = load_transport(beside["transport"])
        beside |= {name: "any" for name in spec.required if name in spec.keys}
        options = {name: "any" for name in spec.required if name in spec.options}
        beside["options"] = options | dict(beside.get("options", {}))
    if _needs_arch({**beside, key: content[key]}):
        beside["arch"] = "aarch64"
    parse_config({"name": "any", **beside, key: content[key]}, Device, source)
