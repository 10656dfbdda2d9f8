# Two images from one file: `--target service` (no torch, small) and `--target worker` (renderer and slots).
# A worker for processors alone, without CUDA's 3 GB: `--build-arg TORCH=cpu --build-arg TORCH_INDEX=ADDRESS`, the address of an
# index with torch's builds for processors.

FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    FEATURELENS_STATE=/state
# The state folder belongs to the user, so that a fresh named volume does too.
RUN useradd --uid 1000 --create-home featurelens && install -d -o featurelens /state /models
WORKDIR /app
# Exactly the locked files. Torch and its CUDA libraries are for the worker alone; what only development needs for neither.
COPY requirements-service.lock ./
RUN pip install --require-hashes --no-deps -r requirements-service.lock


FROM base AS service
COPY pyproject.toml README.md LICENSE ./
COPY featurelens/__init__.py featurelens/__main__.py featurelens/py.typed featurelens/
COPY featurelens/client featurelens/client
COPY featurelens/cli featurelens/cli
COPY jobs featurelens/jobs
COPY service featurelens/service
COPY launcher featurelens/launcher
# Installed, the sources have served: one copy of the code is left, the compiled one.
RUN pip install --no-deps --no-build-isolation . && rm -r ./*
USER 1000:1000
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/livez', timeout=4)"]
CMD ["python", "-P", "-m", "featurelens.launcher", "service"]


FROM base AS worker
ARG TORCH=cuda
ARG TORCH_INDEX=
COPY requirements.lock requirements-cpu.lock requirements-cpu-torch.txt ./
# Of a build for processors the lock has all but torch and torchvision: they are not where the others are. Their versions are
# pinned; whoever names the index may add --hash to requirements-cpu-torch.txt.
RUN case "$TORCH" in \
      cuda) pip install --require-hashes --no-deps -r requirements.lock ;; \
      cpu) pip install --require-hashes --no-deps -r requirements-cpu.lock \
           && pip install --no-deps ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} -r requirements-cpu-torch.txt ;; \
      *) echo "TORCH is cuda or cpu" >&2; exit 2 ;; \
    esac
COPY pyproject.toml README.md LICENSE ./
COPY featurelens/__init__.py featurelens/__main__.py featurelens/py.typed featurelens/
COPY featurelens/client featurelens/client
COPY featurelens/cli featurelens/cli
COPY featurelens/engine featurelens/engine
COPY jobs featurelens/jobs
COPY worker featurelens/worker
COPY launcher featurelens/launcher
RUN pip install --no-deps --no-build-isolation . && rm -r ./*
USER 1000:1000
ENV FEATURELENS_MODELS=/models FEATURELENS_DATASETS=/datasets
# The renderer accepts connections on its socket.
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import socket; from featurelens.jobs.settings import settings; socket.socket(socket.AF_UNIX).connect(str(settings().renderer_socket))"]
CMD ["python", "-P", "-m", "featurelens.launcher", "worker"]
