"""Pictures of one lane wait side by side, and nobody is overtaken by more than a block of each other lane."""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from featurelens.jobs.kinds.base import QUEUE, SWEEP_QUEUE
from featurelens.jobs.queue.blocks import blocks_key
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.routing import Blocks
from featurelens.jobs.queue.ticket import Wanted
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support.renderers import appear

CAPACITY = 4


class Line:
    """A renderer's queue of sweeps; a picture is named by its lane, a letter, and its number there."""

    def __init__(self, redis: Redis, capacity: int = CAPACITY) -> None:
        appear(redis, "a.0", sweep_pictures=capacity)
        self.redis = redis
        self.jobs = JobQueue(redis)
        self.name = f"{SWEEP_QUEUE}@a.0"
        self.names: dict[str, str] = {}
        self._asked: Counter[str] = Counter()

    def ask(self, lanes: str, queue: str = SWEEP_QUEUE) -> list[int | None]:
        """For pictures of these lanes, in one transaction; the places that are told."""
        wanted, names = [], []
        for layer in lanes:
            names.append(f"{layer}{self._asked[layer]}")
            self._asked[layer] += 1
            spec = VisualizationSpec(model="m", layer=layer, channel=1, size=(64, 64), steps=10).completed()
            wanted.append(Wanted(key(names[-1]), spec, "sha256:0"))
        tickets = self.jobs.submit_all(wanted, queue)
        self.names |= {ticket.record.attempt: name for ticket, name in zip(tickets, names, strict=True)}
        return [ticket.position for ticket in tickets]

    def take(self) -> str:
        """The first, as a slot takes it."""
        taken = self.redis.lpop(self.jobs.of(self.name).key)
        assert isinstance(taken, bytes)
        return self.names[taken.decode()]

    def waiting(self, queue: str | None = None) -> list[str]:
        return [self.names[attempt] for attempt in self.jobs.of(queue or self.name).job_ids]


def key(name: str) -> str:
    return "fv1_" + name.encode().hex().rjust(64, "0")


@pytest.fixture
def line(redis: Redis) -> Line:
    return Line(redis)


def lanes(names: list[str]) -> str:
    return "".join(name[0] for name in names)


def test_small_sweeps_that_alternate(line: Line) -> None:
    for lane in "ABCABCABC":
        line.ask(lane * 2)
    assert lanes(line.waiting()) == "AAAABBBBCCCCAABBCC"
    for lane in "ABC":
        assert [name for name in line.waiting() if name[0] == lane] == [f"{lane}{number}" for number in range(6)]


def test_in_one_transaction(line: Line) -> None:
    assert line.ask("ABABABABAB") == [1, 5, 2, 6, 3, 7, 4, 8, 9, 10]
    assert lanes(line.waiting()) == "AAAABBBBAB"


def test_places_told_are_true(line: Line) -> None:
    assert line.ask("AABB") == [1, 2, 3, 4]
    assert line.ask("AB") == [3, 6]
    for place, name in enumerate(line.waiting(), 1):
        found = line.jobs.find(key(name))
        assert found is not None
        assert found.position == place


def test_a_block_grows_no_more_when_its_last_has_been_taken(line: Line) -> None:
    line.ask("ABB")
    assert line.take() == "A0"
    line.ask("AB")
    assert line.waiting() == ["B0", "B1", "B2", "A1"]


def test_what_was_taken_counts(line: Line) -> None:
    """However long a lane is asked for while it is taken, others have their turn."""
    line.ask("AAB")
    taken = []
    for _ in range(6):
        line.ask("A")
        taken.append(line.take())
    assert taken == ["A0", "A1", "A2", "A3", "B0", "A4"]


def test_one_of_the_middle_is_cancelled_and_one_of_the_end(line: Line) -> None:
    line.ask("AAB")
    line.jobs.leave(key("A0"))
    line.ask("A")
    assert line.waiting() == ["A1", "A2", "B0"]
    line.jobs.leave(key("A2"))
    line.ask("A")
    assert line.waiting() == ["A1", "B0", "A3"]


def test_one_that_is_given_back_stands_first(line: Line, redis: Redis) -> None:
    """And its block is still no longer than it may be."""
    line.ask("AAAB")
    taken = [line.take() for _ in range(3)]
    attempts = {name: attempt for attempt, name in line.names.items()}
    redis.lpush(line.jobs.of(line.name).key, *(attempts[name] for name in reversed(taken)))
    line.ask("AAA")
    assert line.waiting() == ["A0", "A1", "A2", "A3", "B0", "A4", "A5"]


def test_what_is_asked_for_alone_waits_as_it_comes(line: Line) -> None:
    alone = f"{QUEUE}@a.0"
    for _ in range(3):
        line.ask("A", QUEUE)
        line.ask("B", QUEUE)
    assert lanes(line.waiting(alone)) == "ABABAB"
    assert not line.redis.exists(blocks_key(alone))


def test_without_a_renderer_pictures_wait_as_they_come(redis: Redis) -> None:
    jobs = JobQueue(redis)
    names = [f"{lane}{number}" for number in range(3) for lane in "AB"]
    for name in names:
        spec = VisualizationSpec(model="m", layer=name[0], channel=1, size=(64, 64), steps=10).completed()
        jobs.submit_all([Wanted(key(name), spec, "sha256:0")], SWEEP_QUEUE)
    tickets = [jobs.find(key(name)) for name in names]
    assert [ticket.position for ticket in tickets if ticket is not None] == [1, 2, 3, 4, 5, 6]


def test_an_empty_queue_begins_anew(line: Line, redis: Redis) -> None:
    line.ask("ABC")
    for _ in "ABC":
        line.take()
    line.ask("D")
    assert redis.hkeys(blocks_key(line.name)) == [line.jobs.find(key("D0")).record.lane.encode()]  # type: ignore[union-attr]


def test_many_services_at_once(broker: str, redis: Redis) -> None:
    """Each picture waits once, and of each lane one block at most is not full."""
    line = Line(redis)
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda number: _sweep(JobQueue(redis), "ABCDE"[number % 5], number), range(40)))
    waiting = line.jobs.of(line.name).job_ids
    lane_of = {attempt: lane for sweep in asked for attempt, lane in sweep.items()}
    assert sorted(waiting) == sorted(lane_of)
    runs = [len(list(run)) for _, run in groupby(waiting, lane_of.__getitem__)]
    assert len(runs) <= 5 * (40 // 5 * 3 // CAPACITY)


def _sweep(jobs: JobQueue, lane: str, number: int) -> dict[str, str]:
    spec = VisualizationSpec(model="m", layer=lane, channel=1, size=(64, 64), steps=10).completed()
    wanted = [Wanted(key(f"{number}.{one}"), spec, "sha256:0") for one in range(3)]
    return {ticket.record.attempt: lane for ticket in jobs.submit_all(wanted, SWEEP_QUEUE)}


@given(st.lists(st.one_of(st.none(), st.text("ABCD", min_size=1, max_size=6)), max_size=40))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nobody_is_overtaken_by_more_than_a_block_of_each_other_lane(redis: Redis, events: list[str | None]) -> None:
    """Whatever comes and is taken when: None is a picture that is taken, letters are pictures that come together."""
    redis.flushall()
    line = Line(redis)
    model, blocks = list[str](), Blocks()
    come: list[str] = []
    taken: list[str] = []
    for event in events:
        if event is not None:
            first = {lane: sum(name[0] == lane for name in come) for lane in "ABCD"}
            line.ask(event)
            for lane in event:
                come.append(f"{lane}{first[lane]}")
                blocks.put(model, lane, come[-1], CAPACITY)
                first[lane] += 1
        elif model:
            taken.append(line.take())
            assert taken[-1] == model.pop(0)
        assert line.waiting() == model, "the simulation does what the broker does"
    taken += line.waiting()
    assert sorted(taken) == sorted(come)
    place = {name: number for number, name in enumerate(taken)}
    for number, name in enumerate(come):
        overtaken: defaultdict[str, int] = defaultdict(int)
        for later in come[number + 1 :]:
            overtaken[later[0]] += place[later] < place[name]
        assert not overtaken[name[0]]
        assert all(count < CAPACITY for count in overtaken.values())
