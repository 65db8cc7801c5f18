"""Values that replace those of a config, by dotted keys, as `--set` gives them."""

from collections.abc import Mapping
from typing import Any

from hwnas.core.errors import ConfigError

# Keys that may be one text: what that text is among the keys that they else hold.
_SHORT = {"pretrained": "file", "space": "name"}


def put_values(content: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Puts values into the content of a config.

    Args:
        content: what the config holds, which is changed.
        values: by dotted keys, as in {"train.epochs": 3}.

    Raises:
        ConfigError: a key leads through something that holds no keys.
    """
    for key, value in values.items():
        *parents, last = key.split(".")
        node = content
        for parent in parents:
            if node.get(parent) is None:  # images, say, that the config does without
                node[parent] = {}
            if parent in _SHORT and isinstance(node[parent], str):
                node[parent] = {_SHORT[parent]: node[parent]}
            node = node[parent]
            if not isinstance(node, dict):
                raise ConfigError(f"the command line: '{parent}' in '{key}' holds no keys")
        node[last] = value
