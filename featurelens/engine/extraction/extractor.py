"""A network cut down to what the wanted layers need: traced, truncated, batch norm folded into convolutions, cast.

Falls back on `hooks.read` (any `nn.Module`) where symbolic tracing cannot follow the network's Python. Both answer for
each layer with its value and, when asked, what stood before rectification. Whether that is what the network itself
says, which tracing can get wrong without a word, is for `verification` to find out.
"""

from __future__ import annotations

import copy
import logging
import textwrap
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, fx, nn

from featurelens.engine.extraction import functional_layers
from featurelens.engine.extraction.hooks import Reading, arranged, read
from featurelens.engine.extraction.passage import ALL_EXACT, Passages
from featurelens.engine.extraction.passes.single_rows import pad_single_rows
from featurelens.engine.extraction.passes.stem import rewrite_stems
from featurelens.engine.extraction.rectifier import Gate, install
from featurelens.engine.extraction.truncation import truncate
from featurelens.engine.extraction.untouched import on_device
from featurelens.engine.network import Network
from featurelens.engine.prior import BatchNormStatistics

log = logging.getLogger(__name__)

Way = Literal["traced", "hooked", "untouched"]
"""A graph cut down and rewritten; a copy of the network, run whole with hooks; the network itself, likewise."""


class Extractor:
    """Calls a network on prepared input (B, C, H, W) and answers each wanted layer's `Reading`.

    `dtype` is the precision of the convolutions; readings come back in it, those of layers with four dimensions as
    (B, C, H, W) whatever the network makes of them. `follow` asks for pre-activations. `way` is the one to try first:
    what cannot be traced is hooked, and `untraceable` says why; ``untouched`` is always float32.
    Raises KeyError for a layer that is neither module nor step, ValueError for one the pass never reaches.
    """

    def __init__(
        self,
        network: Network,
        layers: Sequence[str],
        *,
        follow: bool = False,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        way: Way = "traced",
    ) -> None:
        self.layers = tuple(dict.fromkeys(layers))
        self.way = way
        self.untraceable = ""
        self._follow = follow
        self._gate = Gate()
        self._channels_last = network.channels_last
        self._layouts = network.layouts
        modules = dict(network.module.named_modules())
        missing = [n for n in self.layers if n not in modules and functional_layers.parent(n, network.module) is None]
        if missing:
            raise KeyError(f"no such layer: {', '.join(missing)}")
        every = {name: part for name, part in modules.items() if isinstance(part, nn.BatchNorm2d)}
        # Tracing does not see into functions it takes as they are, so it would number steps otherwise.
        made = self._traced(network, device) if way == "traced" and modules.keys() >= set(self.layers) else None
        if way == "traced" and made is None:
            self.way = "hooked"
        if way == "untouched":
            self.dtype = torch.float32
            self.module, norms = on_device(network.module, torch.device(device)), every
        else:
            self.module, norms = made or (copy.deepcopy(network.module), every)
            self.cast(dtype, device)
            if torch.device(device).type == "cpu":
                pad_single_rows(self.module)
        answering = {self.module.get_submodule(name): norm for name, norm in norms.items()}
        self.statistics = BatchNormStatistics(answering, len(every), overwritten=not self.traced)

    @property
    def traced(self) -> bool:
        return self.way == "traced"

    def cast(self, dtype: torch.dtype, device: torch.device | str | None = None) -> None:
        """From now on in this precision."""
        self.dtype = dtype
        self.module.to(device=device, dtype=dtype).requires_grad_(False)
        for tensor in (*self.module.parameters(), *self.module.buffers()):
            if tensor.dim() == 4:
                tensor.data = tensor.data.to(memory_format=torch.channels_last)

    def __call__(self, inputs: Tensor, passages: Passages = ALL_EXACT) -> dict[str, Reading]:
        """`passages` says how gradients are to pass rectifiers on their way back."""
        if self.way == "untouched":
            prepared = inputs.contiguous()
        else:
            prepared = inputs.to(self.dtype).contiguous(memory_format=torch.channels_last)
        if self.traced:
            self._gate.passages = passages
            # Called as a module, a graph would print what goes wrong in it.
            pairs = self.module.forward(prepared)
            readings = {name: Reading(*pair) for name, pair in zip(self.layers, pairs, strict=True)}
        else:
            readings = read(self.module, prepared, self.layers, follow=self._follow, passages=passages)
        return arranged(readings, self._channels_last, self._layouts)

    def _traced(
        self, network: Network, device: torch.device | str
    ) -> tuple[nn.Module, dict[str, nn.BatchNorm2d]] | None:
        """The graph, and which of its modules answer for which batch norm; None where there can be no graph."""
        try:
            graph, norms = truncate(copy.deepcopy(network.module), self.layers, self._follow)
            if torch.device(device).type == "cpu":
                rewrite_stems(graph)
            install(graph, self._gate)
        except (fx.proxy.TraceError, TypeError, AttributeError, NotImplementedError, RuntimeError) as error:
            # A network whose forward branches on values: run it whole, with hooks.
            self.untraceable = textwrap.shorten(str(error), 120)
            log.info("%s is not traceable (%s), using hooks", network.name, self.untraceable)
            return None
        return graph, norms
