"""Which networks there are, and what is wrong with the operator's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from featurelens.cli.checkups.finding import Finding
from featurelens.cli.configured import configured
from featurelens.cli.failures import Missing, needing
from featurelens.jobs.errors import FeaturelensError, InvalidSpec

AREA = "networks"


def networks() -> Iterator[Finding]:
    """How many of each source, which weights are here, whether each own network says what it is."""
    try:
        settings = configured("looking at networks")
        with needing("worker", "looking at networks"):
            from featurelens.jobs.logs import configure
            from featurelens.worker.models.registry import Registry
    except (InvalidSpec, Missing) as error:
        yield Finding("WRONG" if isinstance(error, InvalidSpec) else "note", AREA, str(error))
        return
    except (ImportError, OSError, RuntimeError) as error:  # of a library that is there and does not load
        yield Finding("WRONG", AREA, f"they cannot be looked at: {error}")
        return
    configure("doctor", "ERROR")
    registry = Registry(settings)
    entries = registry.entries()
    counts = Counter(entry.source for entry in entries)
    here = sum(entry.downloaded for entry in entries)
    told = ", ".join(f"{number} {source}" for source, number in counts.items())
    yield Finding("ok", AREA, f"{told}; the weights of {here} are here")
    if settings.models is None:
        yield Finding("ok", AREA, "no folder of your own (FEATURELENS_MODELS)")
        return
    if not settings.models.is_dir():
        yield Finding("WRONG", AREA, f"FEATURELENS_MODELS names no folder: {settings.models}")
        return
    for folder in sorted(path for path in settings.models.iterdir() if path.is_dir() and path.name[0] not in "._"):
        entry = next((one for one in entries if one.name.partition("@")[0] == f"local:{folder.name}"), None)
        if entry is None:
            yield Finding("WRONG", AREA, f"{folder.name} is left out: featurelens models check {folder.name}")
            continue
        try:
            layers = registry.describe(entry.name)
        except FeaturelensError as error:
            yield Finding("WRONG", AREA, f"{folder.name}: {error.detail}")
        else:
            yield Finding("ok", AREA, f"{folder.name}, {len(layers)} layers")
