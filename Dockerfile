# The program, for collectors, workers, migrations and the simulator. The settings come from the environment.
FROM python:3.13-slim-bookworm

WORKDIR /app
COPY requirements.image.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.image.lock

COPY cliffhanger cliffhanger
COPY devstack devstack
COPY producers producers
COPY runtime runtime
COPY schemas schemas
COPY streams streams
COPY warehouse warehouse

ENV PYTHONPATH=/app PYTHONUNBUFFERED=1
RUN useradd --system --no-create-home cliffhanger \
    && install --directory --owner=cliffhanger --mode=0700 /var/lib/cliffhanger
USER cliffhanger
ENTRYPOINT ["python", "-m", "cliffhanger"]
CMD ["--help"]
