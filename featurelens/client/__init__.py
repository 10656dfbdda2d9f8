"""A client of the HTTP API, in Python: ``from featurelens import Client, AsyncClient``.

What is asked and in which order, retries and waiting included, is written once, as generators that do no input or
output (`operations`, `watching`, `retries`); `driver` and `async_driver` run them. Errors are those of
`featurelens.jobs.errors` and of `errors` here. Pillow is imported where a picture is opened, rich where a bar is drawn.
"""

from featurelens.client.async_client import AsyncClient
from featurelens.client.async_jobs import AsyncJob, AsyncSweep
from featurelens.client.client import Client
from featurelens.client.entries import Layer, Model, Unit
from featurelens.client.jobs import Job, Sweep
from featurelens.client.progress import Progress
from featurelens.client.results import Activations, Attribution, Result, Visualization

__all__ = [
    "Activations",
    "AsyncClient",
    "AsyncJob",
    "AsyncSweep",
    "Attribution",
    "Client",
    "Job",
    "Layer",
    "Model",
    "Progress",
    "Result",
    "Sweep",
    "Unit",
    "Visualization",
]
