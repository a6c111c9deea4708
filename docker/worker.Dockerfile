# syntax=docker/dockerfile:1
# The worker, for processors and for NVIDIA GPUs. Build from the repository's root:
#   docker build -f docker/worker.Dockerfile -t depeche-worker:0.1.0 .
#   docker build -f docker/worker.Dockerfile -t depeche-worker:0.1.0-cuda --build-arg TORCH_INDEX=https://pypi.org/simple .
# The CUDA libraries come with torch, so both start from the same slim image; the host brings the driver.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim-bookworm AS build
# Where torch comes from. Its CPU index has builds of a few hundred megabytes; what the Python Package Index has for
# Linux is the CUDA build, of some gigabytes.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
WORKDIR /src
RUN python -m venv /opt/depeche
# torch goes first: the largest layer changes only with the pins. A build that names its kind (2.13.0+cpu) sorts above
# the plain one of the same version, so the extra index wins
COPY constraints.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/depeche/bin/pip install -c constraints.txt --extra-index-url "${TORCH_INDEX}" torch
# worker,ctranslate2 for DEPECHE_ENGINE=ctranslate2
ARG EXTRAS=worker
COPY pyproject.toml README.md LICENSE ./
COPY service/ service/
COPY worker/ worker/
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/depeche/bin/pip install -c constraints.txt ".[${EXTRAS}]"

FROM python:${PYTHON_VERSION}-slim-bookworm
LABEL org.opencontainers.image.title="depeche-worker" \
      org.opencontainers.image.licenses="Apache-2.0"
# tini reaps children and passes SIGTERM on where the container's runtime has no init of its own.
# The folder for models belongs to the user that the worker runs as, and so does a new volume that is mounted there
# Unpinned: Debian removes the older builds of a package, so an exact pin would break at its next fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin depeche \
    && install -d -o 10001 -g 10001 /var/lib/depeche/huggingface
COPY --from=build /opt/depeche /opt/depeche
ENV PATH=/opt/depeche/bin:$PATH \
    HOME=/tmp \
    HF_HOME=/var/lib/depeche/huggingface \
    HF_HUB_DISABLE_TELEMETRY=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /tmp
VOLUME ["/var/lib/depeche/huggingface"]
USER 10001:10001
# Loading models takes minutes on a slow disk; a worker that has not been seen in Redis for 30 s is unhealthy
HEALTHCHECK --interval=30s --timeout=20s --start-period=300s --retries=3 \
    CMD ["depeche-worker", "doctor", "--alive"]
ENTRYPOINT ["tini", "--"]
CMD ["depeche-worker", "run"]
