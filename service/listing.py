"""Lists of jobs, a page at a time: newest first, or sorted by what was found."""

from __future__ import annotations

from typing import Any

from featurelens.jobs import addresses
from featurelens.jobs.errors import UnknownModel
from featurelens.jobs.kinds.base import Kind
from featurelens.jobs.queue.record import Status
from featurelens.service.dependencies import Dependencies
from featurelens.service.pagination import decode_cursor, encode_cursor
from featurelens.service.ranking import Sorting
from featurelens.service.schemas.job import Job


def listed(
    deps: Dependencies,
    kind: Kind[Any],
    path: str,
    limit: int,
    cursor: str | None,
    *,
    model: str | None,
    status: Status | None,
    sorting: Sorting | None = None,
    **filters: Any,
) -> tuple[list[Any], dict[str, Any]]:
    """A page of resources, and what else `JobPage.of` is given: where the next page is, whether the list is whole.

    A page may be shorter than `limit`, even empty, and have a next one. What is not whole is made anew meanwhile, from
    the result store. `filters` are further ones of `JobIndex.page`.
    """
    sought = {"model": _canonical(deps, model), "status": status, **filters}
    told: dict[str, Any] = {}
    whole = True
    if sorting is None:
        lines, last, complete = deps.index.look(kind, limit, decode_cursor(cursor), **sought)
        following = None if last is None else encode_cursor(last)
    else:
        if sorting.dataset is not None:
            deps.catalog.datasets.named(sorting.dataset)
        page, told, whole = deps.rankings[kind.name].look(sorting, limit, cursor, **sought)
        lines, following, complete = page
    complete = (complete or deps.whole_index.check()) and whole
    found = deps.views[kind.name].lookup.find_listed(lines)
    deps.index.forget(*(line.key for line, job in zip(lines, found, strict=True) if job is None))
    jobs = [job for job in found if isinstance(job, Job) and status in {None, job.status}]
    by = {} if sorting is None else sorting._asdict()
    query = {"model": model, **filters, "status": status, **by, "limit": limit, "cursor": following}
    return jobs, {"next": following and addresses.with_query(path, query), "complete": complete, **told}


def _canonical(deps: Dependencies, model: str | None) -> str | None:
    """The name under which jobs about a network are listed. One that is gone may still have results."""
    if model is None:
        return None
    try:
        return deps.catalog.model(model).name
    except UnknownModel:
        return model
