"""Convolutional parts of published networks with one filter a layer, as TensorFlow-Slim and the papers lay them out."""

import keras
from keras import layers


def conv(kernel, stride=1, padding="same", **options):
    rank = len(kernel) if isinstance(kernel, tuple) else 2
    return getattr(layers, f"Conv{rank}D")(1, kernel, stride, padding=padding, **options)


def pool(kernel=3, stride=2, padding="same"):
    return layers.MaxPooling2D(kernel, stride, padding)


def chain(*stack):
    def connect(x):
        for layer in stack:
            x = layer(x)
        return x

    return connect


def joined(*branches):
    """Branches side by side, as in Inception; a branch is a layer, a chain, or None for the input itself."""
    return lambda x: layers.Concatenate()([branch(x) if branch else x for branch in branches])


def model_of(shape, connect):
    inputs = keras.Input(shape)
    return keras.Model(inputs, connect(inputs))


def resnet_v1(units, pixels=224):
    """He et al. 2015 in TensorFlow-Slim: the last unit of a block halves the map, in its 3 x 3 convolution."""

    def bottleneck(x, stride, widens):
        y = conv(3, stride, "valid")(layers.ZeroPadding2D(1)(conv(1)(x)))
        shortcut = conv(1, stride)(x) if widens else pool(1, stride)(x) if stride > 1 else x
        return layers.ReLU()(layers.Add()([shortcut, conv(1)(y)]))

    def connect(x):
        x = pool()(conv(7, 2, "valid")(layers.ZeroPadding2D(3)(x)))
        for block, count in enumerate(units):
            for unit in range(count):
                last = unit == count - 1 and block < 3
                x = bottleneck(x, 2 if last else 1, unit == 0)
        return x

    return model_of((pixels, pixels, 1), connect)


def inception_v2(pixels=224):
    """Ioffe & Szegedy 2015 in TensorFlow-Slim."""

    def mixed():
        average = chain(layers.AveragePooling2D(3, 1, "same"), conv(1))
        return joined(conv(1), chain(conv(1), conv(3)), chain(conv(1), conv(3), conv(3)), average)

    def reduced():
        return joined(chain(conv(1), conv(3, 2)), chain(conv(1), conv(3), conv(3, 2)), pool())

    stem = [conv(7, 2), pool(), conv(1), conv(3), pool()]
    parts = [mixed(), mixed(), reduced(), *(mixed() for _ in range(4)), reduced(), mixed(), mixed()]
    return model_of((pixels, pixels, 1), chain(*stem, *parts))


def inception_v4(pixels=299):
    """Szegedy et al. 2016 in TensorFlow-Slim."""

    def average():
        return chain(layers.AveragePooling2D(3, 1, "same"), conv(1))

    def valid(stride=1):
        return conv(3, stride, "valid")

    def small():
        return pool(padding="valid")

    def block_a():
        return joined(conv(1), chain(conv(1), conv(3)), chain(conv(1), conv(3), conv(3)), average())

    def block_b():
        long = [conv((7, 1)), conv((1, 7)), conv((7, 1)), conv((1, 7))]
        return joined(conv(1), chain(conv(1), conv((1, 7)), conv((7, 1))), chain(conv(1), *long), average())

    def block_c():
        ends = joined(conv((1, 3)), conv((3, 1)))
        deep = chain(conv(1), conv((3, 1)), conv((1, 3)), joined(conv((1, 3)), conv((3, 1))))
        return joined(conv(1), chain(conv(1), ends), deep, average())

    parts = [
        valid(2), valid(), conv(3),
        joined(small(), valid(2)),
        joined(chain(conv(1), valid()), chain(conv(1), conv((1, 7)), conv((7, 1)), valid())),
        joined(valid(2), small()),
        *(block_a() for _ in range(4)),
        joined(valid(2), chain(conv(1), conv(3), valid(2)), small()),
        *(block_b() for _ in range(7)),
        joined(chain(conv(1), valid(2)), chain(conv(1), conv((1, 7)), conv((7, 1)), valid(2)), small()),
        *(block_c() for _ in range(3)),
    ]  # fmt: skip
    return model_of((pixels, pixels, 1), chain(*parts))


def mobilenet_v1(pixels=224):
    """Howard et al. 2017 in TensorFlow-Slim: "same" everywhere."""
    stack = [conv(3, 2)]
    for stride in (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1):
        stack += [layers.DepthwiseConv2D(3, stride, "same"), conv(1)]
    return model_of((pixels, pixels, 1), chain(*stack))


def dieleman(kernels=(6, 5, 3, 3), first_pool=2):
    """Dieleman et al. 2015: one part of 45 x 45 pixels."""
    first, second, third, fourth = (conv(kernel, padding="valid") for kernel in kernels)
    pools = [layers.MaxPooling2D(first_pool), layers.MaxPooling2D(2), layers.MaxPooling2D(2)]
    return model_of((45, 45, 3), chain(first, pools[0], second, pools[1], third, fourth, pools[2], layers.Flatten()))


def vernardos(samples):
    """Vernardos & Tsagkatakis 2019: groups of long kernels with a shortcut, each halved."""

    def connect(x):
        x = conv((1,))(x)
        for group in range(1, 6):
            y = chain(conv((10,)), conv((20,)), conv((50,)))(x)
            x = layers.Add()([x, y])
            x = layers.BatchNormalization()(layers.MaxPooling1D(3, 2, "same", name=f"group{group}")(x))
        return layers.Dense(10)(layers.Flatten()(x))

    return model_of((samples, 1), connect)


def plot_image():
    """Light curves as pictures of 128 x 128 pixels: five times 3 x 3 and pooling."""
    stack = [layer for _ in range(5) for layer in (conv(3, padding="valid"), layers.MaxPooling2D(2))]
    return model_of((128, 128, 1), chain(*stack, layers.Flatten(), layers.Dense(3)))
