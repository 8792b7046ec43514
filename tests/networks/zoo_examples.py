"""What any network of the zoo is tried with: a small form of it, and a batch of inputs with what it should answer."""

import numpy as np

from astrocnn.networks import registry

NAMES = [name for name in registry.names() if registry.get(name).__module__.startswith("astrocnn.networks.")]

MISALIGNED_AS_PUBLISHED = {"vernardos"}
"""Networks whose kernels of an even length shift one branch against another; their own tests say by how much."""


def small(name, shape, **options):
    """The network in its form with few weights."""
    return registry.build(name, shape, **registry.get(name).smoke_options, **options)


def trainable(model):
    """Number of trainable parameters."""
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


def shape_of(network, size, bands=2):
    return (*(size for _ in network.axis_names), bands)


def example_batch(name, number=8):
    """Inputs of the smallest size, and targets that can be learned from them or at least learned by heart."""
    network = registry.configure(name, registry.get(name).smoke_options)
    rng = np.random.default_rng(1)
    inputs = rng.normal(0, 1, (number, *shape_of(network, network.sizes[0]))).astype("float32")
    outputs = network.usual_outputs
    if network.answer == "classes":
        targets = (np.arange(number) % 2).astype("float32")[:, None]
        inputs[targets[:, 0] == 1] += 1
    elif network.answer == "fractions":
        targets = rng.dirichlet(np.ones(outputs), number).astype("float32")
    elif network.answer == "values":
        targets = rng.normal(0, 1, (number, outputs // 2)).astype("float32")
    elif network.answer == "map":
        targets = (inputs[..., :1] > 0.5).astype("float32")
    else:  # features: two views of each object, and the object's number
        inputs[1::2] = inputs[::2] + rng.normal(0, 0.1, inputs[::2].shape).astype("float32")
        targets = np.repeat(np.arange(number // 2), 2).astype("float32")[:, None]
    return inputs, targets
