"""The network as its author wrote it: float32, read with hooks, in-place operations and all.

What a result tells is read here. Whatever has been rewritten is only a faster way to the same gradients.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from featurelens.engine.extraction.hooks import Reading, arranged, read
from featurelens.engine.network import Network

_COPIES: WeakKeyDictionary[nn.Module, dict[torch.device, nn.Module]] = WeakKeyDictionary()


def on_device(module: nn.Module, device: torch.device) -> nn.Module:
    """`module` itself where it is on `device` already, else a copy there, one for all who ask."""
    weight = next(itertools.chain(module.parameters(), module.buffers()), None)
    if weight is None or weight.device == device:
        return module
    copies = _COPIES.setdefault(module, {})
    if device not in copies:
        copies[device] = copy.deepcopy(module).to(device)
    return copies[device]


def read_untouched(network: Network, inputs: Tensor, layers: Sequence[str]) -> dict[str, Reading]:
    """What each of `layers` answers to `inputs` (B, C, H, W), as `preprocessing` leaves them, pre-activations included.

    Layers with four dimensions come as (B, C, H, W). Differentiable. Raises what `read` raises.
    """
    with _full_precision(inputs.device):
        readings = read(on_device(network.module, inputs.device), inputs.contiguous(), layers, follow=True)
    return arranged(readings, network.channels_last, network.layouts)


def summarize_untouched(
    network: Network, inputs: Tensor, layers: Sequence[str], summarize: Callable[[str, Reading], object]
) -> None:
    """The same without keeping it: `summarize` is called with each layer and what it says, before the network goes on.

    What it is given may be written over later.
    """

    def take(name: str, reading: Reading) -> Reading:
        summarize(name, arranged({name: reading}, network.channels_last, network.layouts)[name])
        return Reading(reading.value[:0])

    with _full_precision(inputs.device):
        read(on_device(network.module, inputs.device), inputs.contiguous(), layers, follow=True, take=take)


@contextmanager
def _full_precision(device: torch.device) -> Iterator[None]:
    """cuDNN would round what it multiplies to 10 bits."""
    if device.type != "cuda":
        yield
        return
    cudnn = torch.backends.cudnn
    with cudnn.flags(enabled=True, benchmark=cudnn.benchmark, deterministic=cudnn.deterministic, allow_tf32=False):
        yield
