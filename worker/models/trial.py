"""Describes an own network in a process apart, so that its code cannot end or hang whoever wants to know its layers.

``python -P -m featurelens.worker.models.trial NAME DIGEST`` writes an `Outcome` as JSON on its standard output.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile

from pydantic import BaseModel

from featurelens.jobs.errors import ModelLoadFailed
from featurelens.jobs.settings import Settings, settings
from featurelens.worker.models.inspection.layers import Description

SECONDS = 120.0
"""Until a network must have been built and run on a busy machine, the start of the process included."""


class Outcome(BaseModel):
    """One of the two."""

    description: Description | None = None
    reason: str | None = None


def describe_apart(configured: Settings, name: str, digest: str, seconds: float = SECONDS) -> Description:
    """What `Registry.description` says of the own network `name` with the identity `digest`.

    Raises `ModelLoadFailed`, also when the network's code ends the process or takes longer than `seconds`.
    """
    environment = {**os.environ, "FEATURELENS_STATE": str(configured.state.absolute())}
    if configured.models is not None:
        environment["FEATURELENS_MODELS"] = str(configured.models.absolute())
    command = [sys.executable, "-P", "-m", __name__, name, digest]
    # A file, not a pipe: whatever the code has started may hold a pipe open for ever.
    with tempfile.TemporaryFile() as answer:
        process = subprocess.Popen(
            command, env=environment, stdout=answer, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise ModelLoadFailed(f"{name} was not built and run within {seconds:.0f} seconds") from error
        finally:
            _end(process)
        answer.seek(0)
        said = answer.read()
    if code != 0 or not said:
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        raise ModelLoadFailed(f"the code of {name} ended the process that tried it, {how}")
    outcome = Outcome.model_validate_json(said)
    if outcome.description is None:
        raise ModelLoadFailed(outcome.reason or "no reason given")
    return outcome.description


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of it is over
    process.wait()


def main() -> None:
    name, digest = sys.argv[1:]
    # Whatever the network's code prints goes elsewhere, and nothing outlives whoever asked by much.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.alarm(round(SECONDS))
    from featurelens.worker.models.registry import Registry

    registry = Registry(settings(), apart=False)
    try:
        if digest not in {entry.digest for entry in registry.entries() if entry.name == name}:
            raise ModelLoadFailed(f"the files of {name} have changed since it was asked for; ask again")
        outcome = Outcome(description=registry.description(name))
    except ModelLoadFailed as error:
        outcome = Outcome(reason=error.detail)
    answer.write(outcome.model_dump_json().encode())
    answer.flush()
    os._exit(0)  # threads of the network's code, and what it does at exit, are not waited for


if __name__ == "__main__":
    main()
