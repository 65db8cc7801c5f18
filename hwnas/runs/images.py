"""Reading the images of a run, with a word on what they are."""

from contextlib import ExitStack

from hwnas.core.listener import Listener, Update
from hwnas.data import balance_of
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder


def read_images(experiment: Experiment, folder: RunFolder, listener: Listener) -> None:
    """Reads the images of an experiment, and says how they are split and what is odd about them.

    Raises:
        DataError: they cannot be used.
        RunError: the run was made with others.
    """
    with ExitStack() as stack:
        bar: list[Update] = []

        def decoded(done: int, total: int) -> None:
            if not bar:  # nothing to wait for where images are in the cache
                bar.append(stack.enter_context(listener.progress("decoding the images", "images")))
            bar[0](done, total)

        dataset = experiment.read_images(decoded)
    folder.check_images(experiment.images_read or dataset.fingerprint, experiment.image_source)
    listener.say(
        f"{dataset.name}: {dataset.classes} classes; {len(dataset.train):,} images to train, "
        f"{len(dataset.validation):,} to choose by (validation), {len(dataset.test):,} to test"
    )
    if dataset.skipped:
        first = ", ".join(dataset.skipped[:3])
        listener.say(
            f"unreadable images, left out: {len(dataset.skipped)}, such as {first} "
            "(--strict refuses them)"
        )
    for sentence in (*balance_of(dataset).sentences(), *dataset.notes):
        listener.say(sentence)
