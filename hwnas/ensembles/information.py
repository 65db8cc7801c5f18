"""What the answers of classifiers tell of the labels and of one another, in shares of entropy.

Both measures are those of SAEP (Bian et al. 2019, arXiv 1910.00370), from 0 to 1 each, of answers
that are classes. Entropies are of the shares that were counted, in nats.
"""

import numpy as np
from numpy.typing import NDArray

Classes = NDArray[np.int64]
"""(N,) a class for each image, as its number from 0 on."""


def shared_information(first: Classes, second: Classes) -> float:
    """Normalised mutual information, I(a; b) / sqrt(H(a) H(b)).

    1 where each follows from the other, 0 where they are independent or one never changes.
    """
    one, other, both = _entropies(first, second)
    return _share((one + other - both) / np.sqrt(one * other)) if one > 0 and other > 0 else 0.0


def variation(first: Classes, second: Classes) -> float:
    """Normalised variation of information, 1 - I(a; b) / H(a, b): how differently both answer.

    0 where each follows from the other, 1 where they are independent.
    """
    one, other, both = _entropies(first, second)
    return _share(1 - (one + other - both) / both) if both > 0 else 0.0


def variations(answers: NDArray[np.int64]) -> NDArray[np.float64]:
    """(M, M) the `variation` of each two of M classifiers, by their answers (M, N)."""
    found = np.zeros((len(answers), len(answers)))
    for i in range(len(answers)):
        for j in range(i):
            found[i, j] = found[j, i] = variation(answers[i], answers[j])
    return found


def tdac(answers: NDArray[np.int64], labels: Classes, share: float = 0.5) -> NDArray[np.float64]:
    """(M, M) the trade-off of diversity and accuracy of each two of M classifiers.

    TDAC(i, j) = share · VI(i, j) + (1 - share) · (MI(i, labels) + MI(j, labels)) / 2, with the
    `variation` VI and the `shared_information` MI; 0 on the diagonal.

    Args:
        answers: (M, N) the class that each gives each of N images.
        labels: (N,) the right ones.
        share: of diversity, from 0 to 1.
    """
    right = np.array([shared_information(one, labels) for one in answers])
    found: NDArray[np.float64] = share * variations(answers)
    found += (1 - share) * (right[:, None] + right[None, :]) / 2
    np.fill_diagonal(found, 0.0)
    return found


def _entropies(first: Classes, second: Classes) -> tuple[float, float, float]:
    """H(a), H(b) and H(a, b)."""
    classes = 1 + max(int(first.max()), int(second.max()))
    counts = np.bincount(first * classes + second, minlength=classes**2)
    shares = counts.reshape(classes, classes) / len(first)
    return _entropy(shares.sum(1)), _entropy(shares.sum(0)), _entropy(shares)


def _share(value: float) -> float:
    """From 0 to 1, which rounding may leave."""
    return min(max(float(value), 0.0), 1.0)


def _entropy(shares: NDArray[np.float64]) -> float:
    present = shares[shares > 0]
    return float(-(present * np.log(present)).sum())
