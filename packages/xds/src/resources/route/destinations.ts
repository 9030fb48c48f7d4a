import type { RuleAction, TrafficRule } from '@meshkeeper/mesh';
import { ClusterNotFoundResponseCode, type RouteAction } from '../../codec/messages.ts';
import { NOWHERE } from '../endpoint/parts.ts';
import { faultConfig } from './fault.ts';
import { headerFields } from './headers.ts';
import type { Destination, RouteContext } from './route-context.ts';

type Forward = Extract<RuleAction, { type: 'forward' }>;

/** Where the requests of a route go. */
export interface Destinations {
  /** The fields of the route's action that say so. */
  readonly action: RouteAction;
  /** Those that take requests, the heaviest first. */
  readonly targets: readonly Destination[];
}

const { INTERNAL_SERVER_ERROR, SERVICE_UNAVAILABLE } = ClusterNotFoundResponseCode;

/**
 * Where requests go that are forwarded; undefined when they go nowhere: nobody takes a share. Who isn't
 * there keeps its share, which fails, as Gateway API wants it.
 * @param rule of calls of gRPC (what isn't there is UNAVAILABLE to them); with failures on purpose, which
 *   go before those of services
 */
export function destinations(
  { to }: Forward,
  { grpc, fault }: Pick<TrafficRule, 'grpc' | 'fault'>,
  context: RouteContext,
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
  const clusterNotFoundResponseCode = grpc ? SERVICE_UNAVAILABLE : INTERNAL_SERVER_ERROR;
  const missing = targets.some(({ service }) => service === undefined)
    ? { clusterNotFoundResponseCode }
    : {};
  const plain = first.requestHeaders === undefined && first.responseHeaders === undefined;
  if (shares.length === 1 && plain)
    return { action: { cluster: clusterOf(first.destination), ...missing }, targets };
  const clusters = shares.map(({ weight, destination, service, ...target }) => {
    const configs = fault ? {} : faultConfig(context.fault(service), context.flavour);
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
