"""The graphs of a table: single blocks, chains and whole networks, and which are measured."""

import json
from collections.abc import Iterable, Mapping

from hwnas.core.database import Database
from hwnas.core.foreign_text import shown
from hwnas.latency.graph_keys import graph_key, graph_kind, network_key
from hwnas.networks.blocks import (
    Block,
    Network,
    block_from_dict,
    block_key,
    block_to_dict,
    distinct_blocks,
)

GRAPHS_SCHEMA = """
CREATE TABLE IF NOT EXISTS graphs (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, blocks TEXT NOT NULL,
    finished INTEGER NOT NULL DEFAULT 0)
"""


class StoredGraphs:
    """What is to be measured, by key, in a database that has `GRAPHS_SCHEMA`."""

    _database: Database

    def register(self, graphs: Mapping[str, Network]) -> None:
        """Notes graphs (single blocks, chains, or whole networks) by key, those that are new."""
        with self._database.transaction():
            for key, network in graphs.items():
                blocks = json.dumps([block_to_dict(block) for block in network])
                self._database.write(
                    "INSERT OR IGNORE INTO graphs (key, kind, blocks) VALUES (?, ?, ?)",
                    (key, graph_kind(key), blocks),
                )

    def unfinished(self, keys: Iterable[str]) -> list[str]:
        """Those of some graphs that were not measured to the end, in their order."""
        rows = self._database.rows("SELECT key FROM graphs WHERE finished = 1")
        finished = {key for (key,) in rows}
        return [key for key in keys if key not in finished]

    def finish(self, keys: Iterable[str]) -> None:
        """Notes that graphs were measured to the end: as often as their schedule asks for."""
        with self._database.transaction():
            for key in keys:
                self._database.write("UPDATE graphs SET finished = 1 WHERE key = ?", (key,))

    def networks(self) -> dict[str, Network]:
        """Every registered whole network by key."""
        return {key: blocks for key, kind, blocks in self._graphs() if kind == "network"}

    def blocks(self) -> dict[str, Block]:
        """Every registered single block by key."""
        return {key: blocks[0] for key, kind, blocks in self._graphs() if kind == "block"}

    def chains(self) -> dict[str, Network]:
        """Every registered chain by key."""
        return {key: blocks for key, kind, blocks in self._graphs() if kind == "chain"}

    def graphs(self) -> dict[str, Network]:
        """Every registered graph by key: the single blocks, the chains, the whole networks."""
        singles = {key: (block,) for key, block in self.blocks().items()}
        return {**singles, **self.chains(), **self.networks()}

    def _graphs(self) -> list[tuple[str, str, Network]]:
        rows = self._database.rows("SELECT key, kind, blocks FROM graphs ORDER BY rowid")
        return [(key, kind, self._blocks(key, kind, text)) for key, kind, text in rows]

    def _blocks(self, key: str, kind: str, text: str) -> Network:
        try:
            blocks = tuple(map(block_from_dict, json.loads(text)))
            if kind == graph_kind(key) and blocks and key == graph_key(kind, blocks):
                return blocks
        except (ValueError, TypeError, AttributeError, RecursionError):
            pass
        raise self._database.damaged(f"the graph '{key}' has the blocks {shown(text, longest=60)}")


def register_all(
    table: StoredGraphs, blocks: Iterable[Block], networks: Iterable[Network]
) -> dict[str, Network]:
    """Registers blocks and whole networks, and returns all of them by key."""
    graphs: dict[str, Network] = {}
    for block in distinct_blocks([tuple(blocks)]):
        graphs[block_key(block)] = (block,)
    for network in networks:
        graphs[network_key(network)] = network
    table.register(graphs)
    return graphs
