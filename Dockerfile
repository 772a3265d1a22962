# Builds the image of the gateway. Its root holds Node, the libraries of Node, the production
# packages and dist/. It has no shell, no npm and no package manager.
#
#   docker build -t portcullis-mcp/portcullis:0.2.0 .
#   docker build -t portcullis-demo --target demo .    # with the services of deploy/compose
#
# The base is pinned by its exact tag. To pin its content too, write the digest behind the tag:
#   docker buildx imagetools inspect node:24.21.0-bookworm-slim
#   docker build --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:...
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

# --- The compiler, with the development packages ------------------------------------------------
FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build

# --- /out is the root of the image, without the gateway -----------------------------------------
FROM ${NODE_IMAGE} AS root
ARG SOURCE_DATE_EPOCH=0
COPY deploy/image/root.sh /root.sh
RUN sh /root.sh /out

# --- /out/app, with the production packages alone -----------------------------------------------
FROM ${NODE_IMAGE} AS app
ARG SOURCE_DATE_EPOCH=0
WORKDIR /out/app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && rm package-lock.json .npmrc
COPY LICENSE ./
COPY --from=build /build/dist dist
# Optional peers, for traces and the audit: the versions and hashes of the lock. Node runs build/src.
COPY --from=build /build/node_modules/@opentelemetry node_modules/@opentelemetry
RUN rm -rf node_modules/@opentelemetry/*/build/esm node_modules/@opentelemetry/*/build/esnext
# One time for all files, so that the same source gives the same layer.
RUN find /out -exec touch -h -d "@${SOURCE_DATE_EPOCH}" {} +

# --- The same with the packages of the demo -----------------------------------------------------
FROM ${NODE_IMAGE} AS demo-app
ARG SOURCE_DATE_EPOCH=0
WORKDIR /out/app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && rm package-lock.json .npmrc
COPY LICENSE ./
COPY --from=build /build/dist dist
# services.mjs imports modules of the demo.
COPY --from=build /build/compiled compiled
COPY deploy/compose/services.mjs deploy/compose/services.mjs
RUN find /out -exec touch -h -d "@${SOURCE_DATE_EPOCH}" {} +

# --- The common part of both images -------------------------------------------------------------
FROM scratch AS runtime
COPY --from=root /out /
# A relative path begins in the folder of the configuration.
WORKDIR /etc/portcullis
# The gateway reads PORTCULLIS_LISTEN only without a file: a file has `listen`.
ENV NODE_ENV=production \
    PORTCULLIS_LISTEN=0.0.0.0:8080
EXPOSE 8080 9090
USER 65534:65534
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 \
  CMD ["/usr/local/bin/node", "/app/dist/main.js", "health", "--ready"]
ENTRYPOINT ["/usr/local/bin/node", "/app/dist/main.js"]
CMD ["serve"]

FROM runtime AS demo
COPY --from=demo-app /out /

# `docker build .` makes the last stage.
FROM runtime AS gateway
COPY --from=app /out /
ARG NODE_IMAGE
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Portcullis" \
      org.opencontainers.image.description="An auth gateway in front of MCP servers" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="https://github.com/portcullis-mcp/portcullis" \
      org.opencontainers.image.documentation="https://github.com/portcullis-mcp/portcullis/blob/main/docs/deploy.md" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${NODE_IMAGE}"
