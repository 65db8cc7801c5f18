"""load_dataset: images by the name of a built-in dataset or the path of a folder."""

from hwnas.data.dataset import ImageDataset


def load_dataset(
    source: str, *, resolution: int, strict: bool = False, limit: int | None = None
) -> ImageDataset:
    """The images of a source, resized to a resolution and split 70/15/15.

    Args:
        source: "digits", or the path of a folder with one folder of images for each class
            (`./digits` for a folder of that name).
        resolution: height and width of the images, in pixels.
        strict: refuse unreadable images instead of leaving them out.
        limit: take at most this many images, each class in proportion to its size and never fewer
            than 3. The choice depends on file names alone, so it is the same every time, and an
            image is in the same split as without a limit.

    Raises:
        DataError: a folder that cannot be used, an unreadable image when `strict`, or a limit
            below 3 images a class.
    """
    # Imported here: scikit-learn and Pillow are slow to import and only one of them is needed.
    if source == "digits":
        from hwnas.data.digits import load_digits

        return load_digits(resolution, limit)
    from hwnas.data.image_folder import load_image_folder

    return load_image_folder(source, resolution, strict=strict, limit=limit)


def class_names(source: str) -> tuple[str, ...]:
    """The classes of a source, without reading its images.

    Raises:
        DataError: a folder that cannot be used.
    """
    if source == "digits":
        return tuple("0123456789")
    from pathlib import Path

    from hwnas.data.folder_layout import find_classes

    return tuple(find_classes(Path(source)))
