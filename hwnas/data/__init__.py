"""Images with labels: folders of a person's own, the built-in digits, those of other packages."""

from hwnas.data.balance import Balance, balance_of
from hwnas.data.dataset import ImageDataset, Split, check_same_images, fingerprint_of
from hwnas.data.loading import class_names, load_dataset
from hwnas.data.preprocessing import describe, to_input

__all__ = [
    "Balance",
    "ImageDataset",
    "Split",
    "balance_of",
    "check_same_images",
    "class_names",
    "describe",
    "fingerprint_of",
    "load_dataset",
    "to_input",
]
