"""Images with labels: folders of a person's own, and the built-in digits."""

from hwnas.data.dataset import ImageDataset, Split
from hwnas.data.loading import class_names, load_dataset
from hwnas.data.preprocessing import describe, to_input

__all__ = ["ImageDataset", "Split", "class_names", "describe", "load_dataset", "to_input"]
