"""Labels that scores dispute: objects that look, confidently, like members of another class than their label says.

Confident learning: Northcutt, Jiang & Chuang 2021, JAIR 70, 1373, section 3.1. Labels of surveys have errors, which
limit what any method can reach; a person who looks at these few objects can mend a set.
"""

from __future__ import annotations

import numpy as np


def disputed_as(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The class that each object is confidently taken for, where that is not its label.

    An object is confidently of a class when its probability is at least the mean over the objects with that label
    (eq. 1 there); of several such classes, of the most probable.

    Parameters
    ----------
    labels : array of int, (row,)
        Number of the class that is given.
    probabilities : array, (row, class)
        By a model that has not learnt the object, as of the fold that left it out: one that has agrees with its label.

    Returns
    -------
    array of int, (row,)
        Number of the class; -1 where the label is not disputed. No object is taken for a class that no label names.
    """
    classes = probabilities.shape[1]
    threshold = np.full(classes, np.inf)
    for number in np.unique(labels).tolist():
        threshold[number] = probabilities[labels == number, number].mean()
    confident = np.where(probabilities >= threshold, probabilities, -1.0)
    taken = np.where(confident.max(axis=1) >= 0, confident.argmax(axis=1), labels)
    return np.where(taken == labels, -1, taken)
