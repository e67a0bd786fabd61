# syntax=docker/dockerfile:1

# Base images by exact tag. A digest makes a build repeatable to the byte:
#   docker build --build-arg DEBIAN_DIGEST=@sha256:... .
# (docker buildx imagetools inspect debian:bookworm-20260824-slim prints it.)
ARG GO_DIGEST=""
ARG NODE_DIGEST=""
ARG DEBIAN_DIGEST=""

# The ONNX Runtime library, out of the npm package that carries it. Version
# and hashes are those of internal/ortlib; a test compares them.
FROM node:22.22.2-bookworm-slim${NODE_DIGEST} AS onnxruntime
ARG TARGETARCH
ARG ONNXRUNTIME_VERSION=1.30.0
ARG ONNXRUNTIME_SHA256_AMD64=ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23
ARG ONNXRUNTIME_SHA256_ARM64=1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76
WORKDIR /fetch
RUN set -eu; \
    case "${TARGETARCH}" in \
        amd64) arch=x64; sum="${ONNXRUNTIME_SHA256_AMD64}" ;; \
        arm64) arch=arm64; sum="${ONNXRUNTIME_SHA256_ARM64}" ;; \
        *) echo "no ONNX Runtime library for ${TARGETARCH}" >&2; exit 1 ;; \
    esac; \
    npm pack --silent "onnxruntime-node@${ONNXRUNTIME_VERSION}"; \
    tar -xzf "onnxruntime-node-${ONNXRUNTIME_VERSION}.tgz" --strip-components=5 \
        "package/bin/napi-v6/linux/${arch}/libonnxruntime.so.1"; \
    echo "${sum}  libonnxruntime.so.1" | sha256sum -c -

FROM golang:1.26.8-bookworm${GO_DIGEST} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download && go mod verify
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=1 go build -trimpath -buildvcs=false \
        -ldflags "-s -w -X main.version=${VERSION}" -o /out/nafas ./cmd/nafas

FROM debian:bookworm-20260824-slim${DEBIAN_DIGEST}
ARG VERSION=unknown
LABEL org.opencontainers.image.title="Nafas" \
      org.opencontainers.image.description="Chest CT lung-nodule triage on ordinary CPUs. Research use only." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
# libopenjp2 decodes JPEG 2000 and HTJ2K; libstdc++ is ONNX Runtime's. The
# newest patch level is wanted, so Debian's own release is the pin.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libopenjp2-7 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 nafas \
    && useradd --uid 10001 --gid nafas --no-create-home --home-dir /var/lib/nafas --shell /usr/sbin/nologin nafas \
    && install -d -o nafas -g nafas -m 0700 /var/lib/nafas
COPY --from=onnxruntime /fetch/libonnxruntime.so.1 /usr/local/lib/libonnxruntime.so.1
COPY --from=build /out/nafas /usr/local/bin/nafas
COPY LICENSE NOTICE /usr/share/doc/nafas/
ENV NAFAS_ONNXRUNTIME=/usr/local/lib/libonnxruntime.so.1 \
    NAFAS_DATA=/var/lib/nafas
USER 10001:10001
VOLUME /var/lib/nafas
# gRPC; the review page and DICOMweb; DICOM. The last two where serve is told to.
EXPOSE 50051 8080 11112
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 CMD ["nafas", "health"]
ENTRYPOINT ["nafas"]
CMD ["serve"]
