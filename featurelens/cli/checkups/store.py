"""What machines share: results, photographs, unfinished scans."""

from __future__ import annotations

from collections.abc import Iterator

from featurelens.cli.checkups.finding import Finding
from featurelens.cli.configured import configured
from featurelens.cli.failures import Missing, needing
from featurelens.jobs.errors import InvalidSpec

AREA = "store"


def store() -> Iterator[Finding]:
    """Whether the bucket or the folder of FEATURELENS_RESULTS is there, takes something, and which one it is."""
    try:
        settings = configured("the store")
        if settings.results is None:
            yield Finding("ok", AREA, "none named by FEATURELENS_RESULTS: all is in the state folder, for this machine")
            return
        with needing("jobs", "the store"):
            from featurelens.jobs.store.check import THERE, check
            from featurelens.jobs.store.open_store import AREAS
    except (InvalidSpec, Missing) as error:
        yield Finding("WRONG" if isinstance(error, InvalidSpec) else "note", AREA, str(error))
        return
    status, told = check(settings, AREAS)
    yield Finding("ok" if status == THERE else "WRONG", AREA, f"{settings.results}: {told}")
