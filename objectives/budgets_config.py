"""Budgets as a config writes them."""

from typing import Annotated

from pydantic import GetPydanticSchema
from pydantic_core.core_schema import (
    no_info_after_validator_function,
    plain_serializer_function_ser_schema,
)

from hwnas.core.errors import BudgetError
from hwnas.objectives.budgets import Budget, read_budgets


def _read_budgets(texts: dict[str, str | float]) -> dict[str, Budget]:
    try:
        return {budget.name: budget for budget in read_budgets(texts)}
    except BudgetError as error:
        raise ValueError(str(error)) from error


def _as_written(budgets: dict[str, Budget]) -> dict[str, str | float]:
    return {name: budget.text for name, budget in budgets.items()}


Budgets = Annotated[
    dict[str, Budget],
    GetPydanticSchema(
        lambda _, schema_of: no_info_after_validator_function(
            _read_budgets,
            schema_of(dict[str, str | float]),
            serialization=plain_serializer_function_ser_schema(_as_written),
        )
    ),
]
"""Written as texts or numbers by the names of costs, and read once."""
