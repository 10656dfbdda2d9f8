"""One launcher per state folder and port."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from featurelens.launcher.claim import Refused, check_port, claim_state, free_port


def test_a_state_folder_is_claimed_once(tmp_path: Path) -> None:
    """The second hears who has it; once released it can be claimed again."""
    with claim_state(tmp_path, "worker"), pytest.raises(Refused, match=str(os.getpid())):
        claim_state(tmp_path, "worker")
    claim_state(tmp_path, "worker").close()


def test_a_taken_port_is_refused() -> None:
    """A free one is left free."""
    port = free_port()
    check_port("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(Refused, match="is taken"):
        check_port("127.0.0.1", port)
