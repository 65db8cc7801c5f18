"""The models of a table: one of each quantity for each scope."""

import json
from typing import Any, overload

from hwnas.core.database import Database, now
from hwnas.core.errors import TableError
from hwnas.latency.model import BlockModel, LatencyModel, Model

MODELS_SCHEMA = """
CREATE TABLE IF NOT EXISTS models (
    quantity TEXT NOT NULL, scope TEXT NOT NULL, content TEXT NOT NULL, date TEXT NOT NULL,
    PRIMARY KEY (quantity, scope))
"""


class StoredModels:
    """Block models by quantity and scope, in a database that has `MODELS_SCHEMA`."""

    _database: Database

    def save_model(self, scope: str, model: BlockModel) -> None:
        """Stores the model of a scope (a space at a resolution) with the table."""
        row = (model.quantity.name, scope, json.dumps(model.to_dict()), now())
        self._database.write("INSERT OR REPLACE INTO models VALUES (?, ?, ?, ?)", row)

    @overload
    def models(self) -> dict[str, LatencyModel]: ...
    @overload
    def models(self, form: type[Model]) -> dict[str, Model]: ...
    def models(self, form: type[Any] = LatencyModel) -> dict[str, Any]:
        """Every stored model of a quantity, by scope: of the latency, unless another is asked for.

        Raises:
            TableError: the table is damaged.
        """
        rows = self._database.rows(
            "SELECT scope, content FROM models WHERE quantity = ? ORDER BY scope",
            (form.quantity.name,),
        )
        return {scope: self._model(form, scope, text) for scope, text in rows}

    def _model(self, form: type[Model], scope: str, text: str) -> Model:
        what = f"the {form.quantity.name} model of {scope}"
        try:
            return form.from_dict(self._database.document(what, text, dict), what)
        except TableError as error:
            raise self._database.damaged(error) from error
