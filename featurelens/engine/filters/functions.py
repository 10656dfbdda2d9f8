"""What functions do to channels, by the names that they are recorded under."""

from __future__ import annotations

ALIASES = frozenset(
    (
        *("contiguous", "clone", "detach", "alias", "identity", "requires_grad"),
        *("to", "float", "double", "half", "bfloat16", "type_as"),
        *("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_dropout"),
    )
)
"""What answers with what it is given. Dropout, too: networks are in evaluation mode."""

CONCATENATIONS = frozenset(("cat", "concat", "concatenate", "stack"))

MOVES = CONCATENATIONS | frozenset(
    (
        *("view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "ravel", "squeeze", "unsqueeze"),
        *("permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis", "expand", "expand_as", "broadcast_to"),
        *("chunk", "split", "tensor_split", "unbind", "select", "narrow", "getitem", "index_select"),
        *("roll", "flip", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle"),
    )
)
"""What puts numbers elsewhere and changes none."""

NONLINEARITIES = frozenset(
    (
        *("relu", "relu6", "leaky_relu", "rrelu", "prelu", "elu", "selu", "celu", "gelu", "silu", "mish", "hardswish"),
        *("sigmoid", "hardsigmoid", "logsigmoid", "tanh", "hardtanh", "tanhshrink", "softplus", "softsign"),
        *("softshrink", "hardshrink", "threshold", "clamp", "clip", "clamp_min", "clamp_max"),
        *("square", "sqrt", "abs", "exp", "erf", "sin", "cos"),
    )
)
"""What bends each number by itself."""

POOLS = frozenset(
    (
        *("max_pool2d", "max_pool2d_with_indices", "avg_pool2d", "lp_pool2d", "mean", "amax"),
        *("adaptive_avg_pool2d", "adaptive_max_pool2d", "interpolate", "upsample", "pad"),
    )
)
"""What mixes or moves positions of a feature map, and leaves channels apart."""

SUMS = frozenset(("add", "iadd", "radd", "sub", "isub"))
SCALES = frozenset(("mul", "imul", "rmul", "multiply", "div", "true_divide", "itruediv"))
