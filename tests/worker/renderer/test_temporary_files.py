"""The sockets of decoders lie in the state folder, however deep that is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

_DECODES = """
import sys
from pathlib import Path
from featurelens.worker.datasets.decoder import Decoder
from featurelens.worker.renderer.temporary_files import keep_in
folder = Path(sys.argv[1])
keep_in(folder)
decoder = Decoder(1)
decoder.warm_up()
print(*(path.name for path in folder.rglob("*") if path.is_socket()))
decoder._restart()
decoder.warm_up()
decoder.close()
"""


def test_sockets_of_decoders(tmp_path: Path) -> None:
    """As deep as no socket may lie; those of state folders that are not deep are found by tests/e2e."""
    folder = tmp_path.joinpath(*["a folder"] * 20)
    left = folder / "pymp-left" / "listener-by-an-earlier-process"
    left.parent.mkdir(parents=True)
    left.touch()
    command = [sys.executable, "-c", _DECODES, str(folder)]
    said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=120).stdout
    assert said.startswith("listener-")
    assert not left.exists()
