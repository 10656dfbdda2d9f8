"""``python -m featurelens.worker.renderer``: the renderer of this machine's device, until SIGTERM or SIGINT."""

from __future__ import annotations

from importlib import import_module

from featurelens.worker.crash_signals import tell_apart

if __name__ == "__main__":
    tell_apart()  # before torch is imported
    import_module("featurelens.worker.renderer.process").main()
