import numpy as np

from hwnas.data import ImageDataset, Split, balance_of, load_dataset


def dataset(**counts: int) -> ImageDataset:
    def split(share: float) -> Split:
        labels = np.repeat(np.arange(len(counts)), [round(share * n) for n in counts.values()])
        return Split(np.zeros((len(labels), 3, 8, 8), np.uint8), labels)

    return ImageDataset("x", tuple(counts), split(0.7), split(0.15), split(0.15))


def test_balanced_classes_are_not_worth_a_word() -> None:
    balance = balance_of(load_dataset("digits", resolution=8))
    assert balance.sentences() == []
    assert (balance.classes, balance.notable) == (10, False)
    assert balance.largest_images + balance.smallest_images < 2 * 190


def test_imbalance_is_said_with_what_always_answering_the_largest_class_gets() -> None:
    balance = balance_of(dataset(ant=100, bee=900))
    assert (balance.largest, balance.largest_images) == ("bee", 900)
    assert (balance.smallest, balance.smallest_images) == ("ant", 100)
    assert (balance.ratio, balance.always_largest) == (9.0, 90.0)
    [sentence] = balance.sentences()
    assert "900 images of 'bee' and 100 of 'ant', 9 to 1" in sentence
    assert "'bee' always would be right on 90.0 % of the test images" in sentence


def test_classes_of_few_images_are_named_fewest_first() -> None:
    balance = balance_of(dataset(ant=20, bee=19, cow=40, dog=4))
    assert balance.few == ("dog", "bee")
    assert "fewer than 20 images: 2 of 4, such as 'dog', 'bee'" in balance.sentences()[-1]
    assert balance.to_dict()["few"] == 2


def test_a_class_without_images_is_counted() -> None:
    balance = balance_of(dataset(ant=100, bee=0))
    assert (balance.smallest, balance.smallest_images, balance.ratio) == ("bee", 0, 100.0)
