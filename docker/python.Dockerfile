# Agent, fault proxy and twin: one image, the program is chosen by the command.
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}

COPY docker/tools.packages docker/install.sh /tmp/pms-drill/
RUN sh /tmp/pms-drill/install.sh /tmp/pms-drill/tools.packages

# Where the base brings just these already (docker/local-images.sh), nothing is fetched.
COPY requirements.lock /tmp/pms-drill/
RUN cmp -s /tmp/pms-drill/requirements.lock /opt/venv/requirements.lock || { python3 -m venv /opt/venv \
  && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/pms-drill/requirements.lock; }
# Compiled once: a fresh container would compile everything at each start, which takes seconds.
RUN /opt/venv/bin/python -m compileall -q -j 0 /opt/venv/lib || true

COPY pms_drill /opt/pms-drill/pms_drill
COPY hotel_agent /opt/pms-drill/hotel_agent
COPY qloapps_twin /opt/pms-drill/qloapps_twin
RUN /opt/venv/bin/python -m compileall -q /opt/pms-drill
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/opt/pms-drill PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
