# The program, for workers, the collector, migrations and the simulator. The settings come from the environment.
FROM python:3.13-slim-bookworm AS base
WORKDIR /app
COPY requirements.image.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.image.lock

# The fold as C extensions: the compiler stays in this stage.
FROM base AS compiled
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
COPY requirements.compile.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.compile.lock
COPY runtime runtime
COPY schemas schemas
COPY streams streams
COPY warehouse warehouse
RUN python -m streams.compiling

FROM base
COPY cliffhanger cliffhanger
COPY devstack devstack
COPY producers producers
COPY runtime runtime
COPY schemas schemas
COPY streams streams
COPY warehouse warehouse
COPY --from=compiled /app/.compiled .compiled

ENV PYTHONPATH=/app PYTHONUNBUFFERED=1
RUN useradd --system --no-create-home cliffhanger \
    && install --directory --owner=cliffhanger --mode=0700 /var/lib/cliffhanger
USER cliffhanger
ENTRYPOINT ["python", "-m", "cliffhanger"]
CMD ["--help"]
