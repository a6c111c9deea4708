# syntax=docker/dockerfile:1
# The front end: Flask behind gunicorn, no torch. Build from the repository's root:
#   docker build -f docker/web.Dockerfile -t depeche-web:0.1.0 .
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
WORKDIR /src
RUN python -m venv /opt/depeche
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY service/ service/
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/depeche/bin/pip install -c constraints.txt '.[web]'

FROM python:${PYTHON_VERSION}-slim-bookworm
LABEL org.opencontainers.image.title="depeche-web" \
      org.opencontainers.image.licenses="Apache-2.0"
# tini reaps children and passes SIGTERM on where the container's runtime has no init of its own
# Unpinned: Debian removes the older builds of a package, so an exact pin would break at its next fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin depeche
COPY --from=build /opt/depeche /opt/depeche
# HOME is the only place that is written to, so the root file system may be read-only with a tmpfs at /tmp
ENV PATH=/opt/depeche/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DEPECHE_HOST=0.0.0.0 \
    DEPECHE_PORT=8000
WORKDIR /tmp
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['DEPECHE_PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["tini", "--"]
CMD ["depeche", "web"]
