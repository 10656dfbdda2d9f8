# Two images from one file: `--target service` (no torch, small) and `--target worker` (renderer and slots).

FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    FEATURELENS_STATE=/state
# The state folder belongs to the user, so that a fresh named volume does too.
RUN useradd --uid 1000 --create-home featurelens && install -d -o featurelens /state /models
WORKDIR /app
COPY requirements.lock pyproject.toml ./
# Exactly the locked versions, without what only development needs. Torch and its CUDA libraries are for the worker alone.
RUN sed '/^# development only/,$d' requirements.lock > runtime.lock \
    && grep -vE '^(torch|torchvision|triton|cuda-|nvidia-)' runtime.lock > service.lock \
    && pip install --no-deps -r service.lock


FROM base AS service
COPY featurelens/__init__.py featurelens/
COPY jobs featurelens/jobs
COPY service featurelens/service
COPY launcher featurelens/launcher
RUN pip install --no-deps --no-build-isolation -e .
USER featurelens
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/livez', timeout=4)"]
CMD ["python", "-P", "-m", "featurelens.launcher", "service"]


FROM base AS worker
RUN pip install --no-deps -r runtime.lock
COPY featurelens/__init__.py featurelens/
COPY featurelens/engine featurelens/engine
COPY jobs featurelens/jobs
COPY worker featurelens/worker
COPY launcher featurelens/launcher
RUN pip install --no-deps --no-build-isolation -e .
USER featurelens
ENV FEATURELENS_MODELS=/models
# The renderer accepts connections on its socket.
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import socket; from featurelens.jobs.settings import settings; socket.socket(socket.AF_UNIX).connect(str(settings().renderer_socket))"]
CMD ["python", "-P", "-m", "featurelens.launcher", "worker"]
