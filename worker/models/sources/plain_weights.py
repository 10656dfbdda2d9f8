"""Weights that are computed from others at every pass (weight norm, spectral norm, ...), computed once and for all.

In evaluation mode they always come out the same, and a network of plain weights can be copied, cast and traced.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils import parametrize, remove_spectral_norm, remove_weight_norm
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm


def compute_weights(module: nn.Module) -> list[str]:
    """Puts `module` into evaluation mode and plain weights into its parts; returns what was done, in plain words."""
    found = [name for name, part in module.eval().named_modules() if _computed(part)]
    for part in list(module.modules()):
        # A copy of a tensor that remembers how it was computed is refused by torch.
        for name, value in vars(part).items():
            if isinstance(value, Tensor) and not value.is_leaf:
                setattr(part, name, value.detach())
    return [f"weights computed once from norms and parametrizations: {', '.join(found)}"] if found else []


def _computed(part: nn.Module) -> bool:
    """Whether `part` had weights that were computed; they are plain now."""
    hooks = [hook for hook in part._forward_pre_hooks.values() if isinstance(hook, WeightNorm | SpectralNorm)]
    for hook in hooks:
        if isinstance(hook, WeightNorm):
            remove_weight_norm(part, hook.name)
        else:
            remove_spectral_norm(part, hook.name)
    parametrized = list(part.parametrizations) if parametrize.is_parametrized(part) else []  # type: ignore[arg-type]
    for name in parametrized:
        parametrize.remove_parametrizations(part, name)
    return bool(hooks or parametrized)
