"""What every dataset must do."""

from typing import ClassVar

from hwnas.data.dataset import ImageDataset
from hwnas.data.entry_points import Dataset, check_dataset
from hwnas.data.loading import class_names, load_dataset


class DatasetContract:
    """The tests of one dataset.

    A test file of the dataset's package holds:

        class TestMyDataset(DatasetContract):
            dataset = staticmethod(load)

    Attributes:
        dataset: the function; `staticmethod` keeps it one.
        resolutions: at which it is loaded.
        limit: as few images as it can be limited to, about.
    """

    dataset: ClassVar[Dataset]
    resolutions: ClassVar[tuple[int, int]] = (8, 16)
    limit: ClassVar[int] = 30

    def test_images_come_at_the_resolution_that_is_asked_for(self) -> None:
        """As (N, 3, R, R) bytes with labels, in three splits."""
        for resolution in self.resolutions:
            check_dataset(self.dataset(resolution=resolution, limit=None, strict=False), resolution)

    def test_a_limit_is_kept(self) -> None:
        """By all three splits together."""
        resolution = self.resolutions[0]
        found = self.dataset(resolution=resolution, limit=self.limit, strict=False)
        check_dataset(found, resolution, self.limit)

    def test_images_are_the_same_every_time(self) -> None:
        """A run that is resumed has the same ones."""
        assert self._loaded().fingerprint == self._loaded().fingerprint

    def test_its_classes_are_those_it_declares(self) -> None:
        """And those of its images."""
        assert class_names(self.dataset) == self._loaded().class_names

    def _loaded(self) -> ImageDataset:
        return load_dataset(self.dataset, resolution=self.resolutions[0])
