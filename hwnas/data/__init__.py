"""Images with labels: folders of a person's own, the built-in digits, those of other packages."""

from hwnas.data.balance import Balance, balance_of
from hwnas.data.dataset import ImageDataset, Split
from hwnas.data.loading import class_names, load_dataset
from hwnas.data.preprocessing import describe, to_input

__all__ = [
    "Balance",
    "ImageDataset",
    "Split",
    "balance_of",
    "class_names",
    "describe",
    "load_dataset",
    "to_input",
]
