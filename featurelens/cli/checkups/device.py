"""What pictures would be made on, tried with a small convolution."""

from __future__ import annotations

import os
from collections.abc import Iterator

from featurelens.cli.checkups.finding import Finding
from featurelens.cli.configured import configured
from featurelens.cli.failures import Missing, needing
from featurelens.jobs.errors import InvalidSpec


def device() -> Iterator[Finding]:
    """Torch, its pair torchvision, the device of the settings, its precision, its memory."""
    try:
        wanted = configured("looking at the device").device
        with needing("engine", "making pictures"):
            import torch
            import torchvision

            from featurelens.engine.device_check import DeviceLost, check
            from featurelens.engine.precision import best_device, best_dtype
    except (InvalidSpec, Missing) as error:
        yield Finding("WRONG" if isinstance(error, InvalidSpec) else "note", "device", str(error))
        return
    except (ImportError, OSError, RuntimeError) as error:  # of a library that is there and does not load
        yield Finding("WRONG", "device", f"torch and torchvision do not load together: {error}")
        return
    yield Finding("ok", "device", f"torch {torch.__version__}, torchvision {torchvision.__version__}")
    try:
        found = best_device(wanted)
        check(found, best_dtype(found))
    except (ValueError, DeviceLost) as error:
        yield Finding("WRONG", "device", str(error))
        return
    precision = str(best_dtype(found)).removeprefix("torch.")
    if found.type == "cuda":
        free, whole = torch.cuda.mem_get_info(found)
        name = torch.cuda.get_device_name(found)
        yield Finding("ok", "device", f"{name}, {precision}, {free / 2**30:.1f} of {whole / 2**30:.1f} GiB free")
    else:
        cores, threads = os.cpu_count(), torch.get_num_threads()
        yield Finding("ok", "device", f"CPU, {precision}, {threads} threads on {cores} cores")
        if os.path.exists("/dev/nvidiactl") and wanted == "auto":  # noqa: PTH110  # a device, not a file
            yield Finding("WRONG", "device", "there is an NVIDIA driver, but this torch does not use it: a CPU build?")
