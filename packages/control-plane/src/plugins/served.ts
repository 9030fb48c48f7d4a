import type { DnsServer } from '@meshkeeper/dns';
import type { DataPlaneState } from '@meshkeeper/mesh';
import type { XdsServer } from '@meshkeeper/xds';
import type { Destination } from './destinations.ts';

/** Envoy, gRPC and all others that speak xDS. */
export function xdsDestination(xds: XdsServer): Destination {
  let newest: number | undefined;
  return {
    kind: 'xds',
    plane: {
      name: 'xds',
      get state(): DataPlaneState {
        if (newest === undefined) return { type: 'starting' };
        const type = xds.revision < newest ? 'applying' : 'applied';
        return { type, revision: newest };
      },
      get problems() {
        return new Map(
          xds.problems.map(({ service, endpoint, message }) => [
            endpoint === undefined ? service : `${service} ${endpoint}`,
            message,
          ]),
        );
      },
      update(snapshot, changes) {
        newest = snapshot.revision;
        xds.update(snapshot, changes);
      },
      close: () => xds.close(),
      [Symbol.asyncDispose]: () => xds.close(),
    },
  };
}

/** Whoever resolves names. */
export function dnsDestination(dns: DnsServer): Destination {
  let newest: number | undefined;
  return {
    kind: 'dns',
    plane: {
      name: 'dns',
      get state(): DataPlaneState {
        return newest === undefined ? { type: 'starting' } : { type: 'applied', revision: newest };
      },
      get problems() {
        return dns.faults;
      },
      update(snapshot, changes) {
        newest = snapshot.revision;
        dns.update(snapshot, changes);
      },
      close: () => dns.close(),
      [Symbol.asyncDispose]: () => dns.close(),
    },
  };
}
