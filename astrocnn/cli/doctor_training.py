"""A training of seconds on made-up stamps, to see that the backend learns."""

from __future__ import annotations

from typing import Any

import numpy as np

from astrocnn import backend
from astrocnn.networks.registry import configure

SIZE, NUMBER, STEPS = 45, 32, 12


def stamps() -> tuple[np.ndarray, np.ndarray]:
    """Half of the stamps with a bright middle, half without, in noise: (n, y, x, band) and labels (n, 1)."""
    generator = np.random.default_rng(1)
    images = generator.normal(size=(NUMBER, SIZE, SIZE, 1)).astype(np.float32)
    labels = (np.arange(NUMBER) % 2).astype(np.float32)[:, None]
    images[labels[:, 0] == 1, 20:25, 20:25] += 3
    return images, labels


def train_a_little(keras: Any) -> tuple[float, float]:
    """Train a small DeepLens for some steps; returns the mean loss of the first and of the last three steps."""
    network = configure("deeplens", {"units_per_block": 1, "widths": (8, 8)}).build((SIZE, SIZE, 1), seed=1)
    network.compile(keras.optimizers.Adam(3e-3), "binary_crossentropy", jit_compile=backend.compiles())
    images, labels = stamps()
    losses = []
    for _ in range(STEPS):
        network.reset_metrics()
        losses.append(float(network.train_on_batch(images, labels)))
    return float(np.mean(losses[:3])), float(np.mean(losses[-3:]))
