"""What tells that the device has run out of memory, whichever way torch says so."""

from __future__ import annotations

import torch

_SAID_ON_A_CPU = (
    "can't allocate memory",
    "not enough memory",
    "cannot allocate memory",
    "bad_alloc",
    "could not create a",
)
"""On a CPU torch raises a plain RuntimeError, of its own allocator or of a library's.

The last is oneDNN, which does not say why; where it was for another reason, smaller passes are tried in vain.
"""


def out_of_memory(error: BaseException) -> bool:
    """Whether `error`, or what has caused it, says that memory was not to be had: less might have been."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    if error.__cause__ is not None and out_of_memory(error.__cause__):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error).lower() for said in _SAID_ON_A_CPU)
