import type { ProxyStatus, RefusedResource, TypeStatus } from '@meshkeeper/xds';
import type { Departed } from '../convergence/departed.ts';
import type { RevisionTimes } from '../convergence/revision-times.ts';
import type { ClusterLoad, Load } from '../load/load-store.ts';

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

/** A connected data plane, what it has acknowledged or rejected, and how far behind it is. */
export function proxyView(status: ProxyStatus, times: RevisionTimes) {
  const { types, connectedSince, appliedRevision, refused, ...proxy } = status;
  const lag = appliedRevision === undefined ? undefined : times.lag(appliedRevision);
  return {
    ...proxy,
    connectedSince: timeView(connectedSince),
    state: stateOf(types),
    appliedRevision,
    ...(lag && { behind: { revisions: lag.revisions, since: timeView(lag.since) } }),
    types: types.map(typeStatusView),
    refused: refused.map(refusedView),
  };
}

function typeStatusView({ typeUrl, ackedAt, lastNack, ...type }: TypeStatus) {
  return {
    type: typeView(typeUrl),
    ...type,
    ackedAt: ackedAt === undefined ? undefined : timeView(ackedAt),
    lastNack: lastNack && { ...lastNack, at: timeView(lastNack.at) },
  };
}

/** The worst of its types': a rejection is told although something else is under way. */
function stateOf(types: readonly TypeStatus[]): TypeStatus['state'] {
  const states = new Set(types.map(({ state }) => state));
  return states.has('rejected') ? 'rejected' : states.has('pending') ? 'pending' : 'synced';
}

/** A data plane that went away. */
export function departedView({ proxy, at, appliedRevision }: Departed) {
  return {
    ...proxy,
    connectedSince: timeView(proxy.connectedSince),
    disconnectedSince: timeView(at),
    appliedRevision,
  };
}

/** What a data plane reports of a cluster. */
export function loadView({ proxy: _, at, endpoints, ...load }: ClusterLoad) {
  return {
    ...load,
    ...rounded(load),
    at: timeView(at),
    endpoints: endpoints.map(endpointLoadView),
  };
}

/** Load on an endpoint. */
export function endpointLoadView<T extends Load>(load: T): T {
  return { ...load, ...rounded(load) };
}

/** Thousandths of a request a second are precise enough. */
function rounded({ requestsPerSecond, errorsPerSecond }: Load) {
  const round = (rate: number) => Math.round(rate * 1000) / 1000;
  return { requestsPerSecond: round(requestsPerSecond), errorsPerSecond: round(errorsPerSecond) };
}
