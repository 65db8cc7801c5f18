"""YAML as a person means it: version 1.2, no key twice, no tags, of a bounded size and depth."""

import re
from typing import Any

import yaml

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown

# A config that a person writes has some hundred values and five levels.
LARGEST = 1_000_000
DEEPEST = 50
MOST_VALUES = 100_000
# int() refuses more digits than 4,300, and nothing here counts so far.
_LONGEST_NUMBER = 100
_PLAIN_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("map", "seq", "str", "int", "float", "bool", "null", "merge")
}


def parse_yaml(text: str, source: str) -> Any:
    """What a YAML text holds: dicts, lists, texts, numbers, booleans, None.

    Values are read by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema):
    `0224` is 224, and `1:30`, `no` and dates are texts.

    Args:
        text: of the file, or of an option.
        source: what names it in messages.

    Raises:
        ConfigError: not YAML, the same key twice in one place, a tag (`!!bool x`), a NUL character,
            or more than a config can need; the message names the line.
    """
    if len(text) > LARGEST:
        raise ConfigError(f"{source} has {len(text):,} characters, and {LARGEST:,} are the limit")
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _Check(source).count(node)
        return loader.construct_document(node)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(
            f"{source} line {line} is not valid YAML: it holds the character "
            f"{shown(chr(error.character))}; remove it"
        ) from error
    except _TooDeepError as error:
        raise ConfigError(
            f"{source} line {error.line} is nested more than {DEEPEST} levels deep"
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" line {mark.line + 1}" if mark else ""
        problem = f": {shown(error.problem)}" if error.problem else ""
        raise ConfigError(f"{source}{where} is not valid YAML{problem}") from error
    finally:
        if loader is not None:
            loader.dispose()


def to_yaml(content: Any, *, flow: bool | None = False, width: int = 80) -> str:
    """Values as YAML, which `parse_yaml` reads as the same values; keys keep their order."""
    return yaml.dump(
        content,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=flow,
        width=width,
    )


class _TooDeepError(Exception):
    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


class _Loader(yaml.SafeLoader):
    """Reads values as YAML 1.2 does, and nothing nested without end."""

    depth = 0
    # Not those of SafeLoader, which are of YAML 1.1.
    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _TooDeepError(self.peek_event().start_mark.line + 1)  # type: ignore[no-untyped-call]
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_number(self, node: yaml.ScalarNode) -> int:
        text = str(node.value)
        for prefix, base in (("0x", 16), ("0o", 8)):
            if text.startswith(prefix):
                return int(text[2:], base)
        return int(text)

    def construct_real(self, node: yaml.ScalarNode) -> float:
        return float(str(node.value).lower().replace(".inf", "inf").replace(".nan", "nan"))


class _Dumper(yaml.SafeDumper):
    """Quotes every text that YAML 1.1 or 1.2 would read as something else."""


def _resolve(tag: str, pattern: str, first: str) -> None:
    compiled = re.compile(rf"^(?:{pattern})$")
    for one in (_Loader, _Dumper):
        one.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", compiled, list(first))


_resolve("null", r"~|null|Null|NULL|", "~nN")
_resolve("bool", r"true|True|TRUE|false|False|FALSE", "tTfF")
_resolve("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789")
_resolve(
    "float",
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
    "-+.0123456789",
)
_resolve("merge", r"<<", "<")
_Loader.yaml_implicit_resolvers.setdefault("", []).append(
    ("tag:yaml.org,2002:null", re.compile(r"^$"))
)
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_number)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_real)


class _Check:
    """Walks what was read before any value of it is made."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.open: set[int] = set()
        self.sizes: dict[int, int] = {}

    def count(self, node: yaml.Node) -> int:
        """How many values a node holds, aliases counted as often as they stand.

        Raises:
            ConfigError: see `parse_yaml`.
        """
        known = self.sizes.get(id(node))
        if known is not None:
            return known
        if id(node) in self.open:
            raise self._error(node, "an alias stands inside what it names")
        if node.tag not in _PLAIN_TAGS:
            raise self._error(node, f"the tag {shown(node.tag)} is not known; leave it out")
        self.open.add(id(node))
        total = 1
        if isinstance(node, yaml.MappingNode):
            self._keys(node)
            total += sum(self.count(part) for pair in node.value for part in pair)
        elif isinstance(node, yaml.SequenceNode):
            total += sum(map(self.count, node.value))
        else:
            self._scalar(node)
        if total > MOST_VALUES:
            raise self._error(node, f"more than {MOST_VALUES:,} values")
        self.open.discard(id(node))
        self.sizes[id(node)] = total
        return total

    def _keys(self, node: yaml.MappingNode) -> None:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(key, "a key must be one word")
            line = key.start_mark.line + 1
            if key.value in lines and key.tag != "tag:yaml.org,2002:merge":
                raise ConfigError(
                    f"{self.source}: the key '{shown(key.value)}' stands on line "
                    f"{lines[key.value]} and again on line {line}; keep one of them"
                )
            lines[key.value] = line

    def _scalar(self, node: yaml.Node) -> None:
        kind = node.tag.rpartition(":")[2]
        if "\0" in node.value:
            raise self._error(node, "a value holds a NUL character; remove it")
        if kind in ("int", "float", "bool", "null"):
            implied = _Loader.yaml_implicit_resolvers.get(node.value[:1], [])
            if not any(tag == node.tag and rule.match(node.value) for tag, rule in implied):
                raise self._error(node, f"'{shown(node.value)}' is not a valid {kind}")
            if len(node.value) > _LONGEST_NUMBER:
                raise self._error(node, f"a number of {len(node.value):,} digits is too long")

    def _error(self, node: yaml.Node, problem: str) -> ConfigError:
        line = node.start_mark.line + 1
        return ConfigError(f"{self.source} line {line} is not valid YAML: {problem}")
