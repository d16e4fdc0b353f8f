# The server and its web app; the same image serves and works (see compose.yaml).
FROM node:24-slim AS web
WORKDIR /web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci
COPY web ./
RUN npm run build

FROM python:3.11-slim
WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE THIRD_PARTY_NOTICES.md ./
COPY src src
COPY --from=web /web/build src/crescendai/web/static
COPY --from=web /web/node_modules/swagger-ui-dist/swagger-ui-bundle.js \
    /web/node_modules/swagger-ui-dist/swagger-ui.css \
    /web/node_modules/swagger-ui-dist/LICENSE /web/node_modules/swagger-ui-dist/NOTICE \
    src/crescendai/web/static/reference/
RUN pip install --no-cache-dir --no-deps . && useradd --create-home --uid 10001 crescendai \
    && install -d -o crescendai /data
USER crescendai
ENV CRESCENDAI_DATA_DIR=/data PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8000
CMD ["crescendai", "serve"]
