"""What a device says of some rows, copied to the host as it comes and read later, all rows at once."""

from __future__ import annotations

import torch
from torch import Tensor


class Told:
    """Numbers (rows,) or yes and no; nobody waits for the device before one of them is asked for."""

    def __init__(self, said: Tensor) -> None:
        self._host = said.detach().to("cpu", non_blocking=True)
        self._copied: torch.cuda.Event | None = None
        if said.is_cuda:
            self._copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._copied.record()
        self._values: list[float] | None = None

    @property
    def ready(self) -> bool:
        """Whether the device has come so far."""
        return self._copied is None or bool(self._copied.query())  # type: ignore[no-untyped-call]

    def __getitem__(self, row: int) -> float:
        if self._values is None:
            if self._copied is not None:
                self._copied.synchronize()
            values: list[float] = self._host.tolist()
            self._values = values
        return self._values[row]
