"""Random numbers that a network draws by itself, from a seed of the picture."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def drawn_from(seed: int, device: torch.device) -> Iterator[None]:
    """Whatever is drawn from torch's, Python's or NumPy's own generators comes from `seed` (0 to 2^63 - 1).

    Their states are put back afterwards.
    """
    devices = [torch.cuda.current_device() if device.index is None else device.index] if device.type == "cuda" else []
    python, numbers = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices):
            torch.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed % 2**32)
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numbers)
