import type { ProxyStatus, RefusedResource } from '@meshkeeper/xds';

/** Milliseconds since the epoch as RFC 3339 writes them. */
export function timeView(at: number): string {
  return new Date(at).toISOString();
}

/** `Cluster` of `type.googleapis.com/envoy.config.cluster.v3.Cluster`. */
export function typeView(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}

/** A resource that a data plane rejects, and why. */
export function refusedView({ typeUrl, at, since, ...refused }: RefusedResource) {
  return { type: typeView(typeUrl), ...refused, at: timeView(at), sinceRevision: since };
}

/** A connected data plane and what it has acknowledged. */
export function proxyView({ types, connectedSince, refused, ...proxy }: ProxyStatus) {
  return {
    ...proxy,
    connectedSince: timeView(connectedSince),
    types: types.map(({ typeUrl, ackedAt, lastNack, ...type }) => ({
      type: typeView(typeUrl),
      ...type,
      ackedAt: ackedAt && timeView(ackedAt),
      lastNack: lastNack && { ...lastNack, at: timeView(lastNack.at) },
    })),
    refused: refused.map(refusedView),
  };
}
