import type { RuleAction } from '@meshkeeper/mesh';
import { ClusterNotFoundResponseCode, type RouteAction } from '../../codec/messages.ts';
import { faultConfig } from './fault.ts';
import { headerFields } from './headers.ts';
import type { Destination, RouteContext } from './route-context.ts';

type Forward = Extract<RuleAction, { type: 'forward' }>;

/** A cluster without endpoints, for gRPC, which has no other way to fail. */
export const NOWHERE = 'meshkeeper.nowhere';

/** Where the requests of a route go. */
export interface Destinations {
  /** The fields of the route's action that say so. */
  readonly action: RouteAction;
  /** Those that take requests, the heaviest first. */
  readonly targets: readonly Destination[];
}

/**
 * Where requests go that are forwarded; undefined when they go nowhere: nobody takes a share. Who isn't
 * there keeps its share, which fails, as Gateway API wants it.
 * @param ownFault the route has failures on purpose, which go before those of services
 */
export function destinations(
  { to }: Forward,
  context: RouteContext,
  ownFault: boolean,
): Destinations | undefined {
  const shares = to
    .filter(({ weight }) => weight > 0)
    .map((target) => ({ ...target, destination: context.destination(target) }));
  const heaviest = shares.toSorted((a, b) => b.weight - a.weight);
  const [first] = shares;
  if (first === undefined) return undefined;
  const targets = heaviest.map(({ destination }) => destination);
  const clusterOf = ({ cluster, service }: Destination) =>
    service === undefined && context.flavour === 'grpc' ? NOWHERE : cluster;
  const missing = targets.some(({ service }) => service === undefined)
    ? { clusterNotFoundResponseCode: ClusterNotFoundResponseCode.INTERNAL_SERVER_ERROR }
    : {};
  const plain = first.requestHeaders === undefined && first.responseHeaders === undefined;
  if (shares.length === 1 && plain)
    return { action: { cluster: clusterOf(first.destination), ...missing }, targets };
  const clusters = shares.map(({ weight, destination, service, ...target }) => {
    const configs = ownFault ? {} : faultConfig(context.fault(service), context.flavour);
    return {
      name: clusterOf(destination),
      weight: { value: weight },
      ...headerFields(target.requestHeaders, target.responseHeaders),
      ...(Object.keys(configs).length === 0 ? {} : { typedPerFilterConfig: configs }),
    };
  });
  const totalWeight = { value: shares.reduce((sum, { weight }) => sum + weight, 0) };
  return { action: { weightedClusters: { clusters, totalWeight }, ...missing }, targets };
}
