FROM python:3.13-slim-bookworm

ENV PYTHONUNBUFFERED=1 PATH=/opt/venv/bin:$PATH
WORKDIR /app

COPY requirements/base.txt requirements/base.txt
RUN python -m venv /opt/venv \
    && pip install --no-cache-dir --require-hashes -r requirements/base.txt \
    && useradd --system --uid 10001 --home-dir /data --create-home creatorflow

COPY . .
# These two are only read, not kept: collectstatic signs and encrypts nothing.
RUN SECRET_KEY=for-the-build-only VAULT_KEYS=build:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    DATABASE_URL=postgresql://nobody@nowhere/nothing \
    python manage.py collectstatic --no-input

ENV CREATORFLOW_DATA=/data
VOLUME /data
USER creatorflow
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=6s --start-period=20s CMD ["python", "-m", "creatorflow.health"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "4", "--no-ws", "creatorflow.wsgi:application"]
