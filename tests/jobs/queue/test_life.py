"""The life of a visualization as a model: askers, slots and accidents in any order; what holds after each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from redis import Redis

from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.record import record_key
from featurelens.jobs.queue.records import Records
from featurelens.jobs.spec.visualization import VisualizationSpec

KEY = "fv1_" + "7" * 64
SPEC = VisualizationSpec(model="m", layer="l", channel=1, size=(64, 64), steps=10).completed()
JOINABLE = {"queued", "running", "storing"}
ENDED = {"succeeded", "failed", "cancelled"}
EXECUTIONS = st.sampled_from(["x", "x", "x", "y"])


class Life(RuleBasedStateMachine):
    """Two executions compete for the latest attempt; older attempts try to interfere."""

    redis: Redis

    def __init__(self) -> None:
        super().__init__()
        self.redis.flushall()
        self.queue, self.records = JobQueue(self.redis), Records(self.redis)
        self.status, self.askers, self.execution = "", 0, ""
        self.attempts: list[str] = []

    @rule()
    def ask(self) -> None:
        ticket = self.queue.submit(KEY, SPEC, "sha256:0")
        assert ticket.fresh == (self.status not in JOINABLE)
        if ticket.fresh:
            assert ticket.record.attempt not in self.attempts
            self.attempts.append(ticket.record.attempt)
            self.status, self.askers, self.execution = "queued", 1, ""
        else:
            self.askers += 1
        assert ticket.record.attempt == self.attempts[-1]

    @rule()
    def leave(self) -> None:
        left = self.queue.leave(KEY)
        if self.status in ("queued", "running"):
            self.askers -= 1
            if self.askers == 0:
                self.status = "cancelled" if self.status == "queued" else "cancelling"
            assert left == (self.status if self.askers == 0 else "left")
        else:
            assert left == {"": "gone", "cancelling": "cancelling"}.get(self.status, "over")

    @precondition(lambda self: self.attempts)
    @rule(execution=EXECUTIONS)
    def start(self, execution: str) -> None:
        started = self.records.start(KEY, self.attempts[-1], execution) is not None
        assert started == (self.status in JOINABLE)
        if started:
            self.status, self.execution = "running", execution

    @precondition(lambda self: self.attempts)
    @rule(execution=EXECUTIONS)
    def report(self, execution: str) -> None:
        told = self.records.progress(KEY, self.attempts[-1], execution, "rendering", 3, 0.5)
        assert told == (self.status == "running" and execution == self.execution)

    @precondition(lambda self: self.attempts)
    @rule(execution=EXECUTIONS)
    def commit(self, execution: str) -> None:
        committed = self.records.commit(KEY, self.attempts[-1], execution)
        assert committed == (self.status in ("running", "storing") and execution == self.execution)
        self.status = "storing" if committed else self.status

    @precondition(lambda self: self.attempts)
    @rule(execution=EXECUTIONS)
    def succeed(self, execution: str) -> None:
        succeeded = self.records.succeed(KEY, self.attempts[-1], execution)
        assert succeeded == (self.status == "storing" and execution == self.execution)
        self.status = "succeeded" if succeeded else self.status

    @precondition(lambda self: self.attempts)
    @rule(execution=EXECUTIONS)
    def fail(self, execution: str) -> None:
        failed = self.records.fail(KEY, self.attempts[-1], RenderFailed("no"), execution)
        assert failed == (self.status in ("running", "storing", "cancelling") and execution == self.execution)
        if failed:
            self.status = "cancelled" if self.status == "cancelling" else "failed"

    @precondition(lambda self: self.attempts)
    @rule()
    def crash(self) -> None:
        """The slot dies; its job goes back to the queue, or lets go of what was being cancelled."""
        if self.records.requeue(KEY, self.attempts[-1]):
            assert self.status in JOINABLE
            self.status, self.execution = "queued", ""
        elif self.records.cancelled(KEY, self.attempts[-1]):
            assert self.status == "cancelling"
            self.status = "cancelled"

    @precondition(lambda self: len(self.attempts) > 1)
    @rule(execution=EXECUTIONS)
    def interfere(self, execution: str) -> None:
        """A slot that was thought dead comes back with an attempt long replaced."""
        old = self.attempts[-2]
        assert self.records.start(KEY, old, execution) is None
        assert not self.records.commit(KEY, old, execution)
        assert not self.records.succeed(KEY, old, execution)
        assert not self.records.fail(KEY, old, RenderFailed("late"), execution)
        assert not self.records.requeue(KEY, old)

    @rule(luck=st.integers(1, 12))
    def wipe(self, luck: int) -> None:
        if luck > 1:
            return
        self.redis.flushall()
        self.status, self.askers, self.execution = "", 0, ""
        self.attempts.clear()

    @invariant()
    def told_as_it_is(self) -> None:
        record = self.records.read(KEY)
        assert (record.status if record else "") == self.status
        if record is not None:
            assert record.askers == self.askers
            assert self.redis.ttl(record_key(KEY)) > 0, "nothing stays for ever"
        ticket = self.queue.find(KEY)
        assert (ticket.record.status if ticket else "") == self.status


@pytest.fixture
def machine(redis: Redis) -> Iterator[type[Life]]:
    yield type("LifeHere", (Life,), {"redis": redis})


def test_any_life(machine: type[Life]) -> None:
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    few = settings(max_examples=150, stateful_step_count=60, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(machine, settings=few)
