import type {
  Endpoint,
  ExplainedEndpoint,
  Explanation,
  Problem,
  RegistrySource,
} from '@meshkeeper/mesh';
import type { ResourceProblem } from '@meshkeeper/xds';
import type { RevisionTimes } from '../convergence/revision-times.ts';
import type { DeliveredResource, ServiceDelivery } from '../explain/delivery.ts';
import { refusedView, timeView, typeView } from './proxy-views.ts';
import { heldView, originView } from './views.ts';

/** Problems that are told with a service, at most, and data planes. */
const PROBLEMS = 20;
const PROXIES = 200;

/** What the catalog makes of what registries have. */
export function explanationView(
  { ready, sources, conflicts, hold, alarm, endpoints, gone }: Explanation,
  registries: readonly RegistrySource[],
  problems: readonly Problem[],
) {
  const state = new Map(registries.map((source) => [source.name, source.state.type]));
  return {
    ready,
    sources: sources.map((source) => ({ ...source, state: state.get(source.name) })),
    conflicts,
    hold,
    ...(alarm && { alarm }),
    endpoints: endpoints.map(endpointView),
    gone: gone.map(({ endpoint, departure, at }) => ({
      endpoint: plain(endpoint),
      departure,
      at: timeView(at),
    })),
    /** What could not be used and may belong to it. */
    problems: problems.slice(0, PROBLEMS),
  };
}

function endpointView({ registrations, held, served, ...rest }: ExplainedEndpoint) {
  return {
    ...rest,
    registrations: registrations.map(({ endpoint, ...registration }) => ({
      ...registration,
      endpoint: plain(endpoint),
    })),
    ...(held && { held: heldView(held) }),
    ...(served && { served: plain(served) }),
  };
}

function plain({ origin, ...endpoint }: Endpoint) {
  return { ...endpoint, origin: originView(origin) };
}

/** What can't be told to data planes. */
export function unservableView({ endpoint, code, message }: ResourceProblem) {
  return { ...(endpoint !== undefined && { endpoint }), code, message };
}

const RANKS: readonly ServiceDelivery['state'][] = ['rejects', 'pending', 'not-subscribed', 'has'];

/** How it arrives at each data plane, those first at which it does not; how many there are of each. */
export function deliveriesView(deliveries: readonly ServiceDelivery[], times: RevisionTimes) {
  const count = (wanted: string) => deliveries.filter(({ state }) => state === wanted).length;
  const rank = ({ state }: ServiceDelivery) => RANKS.indexOf(state);
  const counts = Object.fromEntries(RANKS.map((state) => [state, count(state)]));
  const first = deliveries.toSorted((a, b) => rank(a) - rank(b)).slice(0, PROXIES);
  return { counts, proxies: first.map((delivery) => deliveryView(delivery, times)) };
}

function deliveryView(delivery: ServiceDelivery, times: RevisionTimes) {
  const { proxy, resources, state, hasEndpoint, egress } = delivery;
  const { id, stream, cluster, userAgent, appliedRevision } = proxy;
  const lag = appliedRevision === undefined ? undefined : times.lag(appliedRevision);
  const own = new Set(resources.map(({ status }) => `${status.typeUrl} ${status.name}`));
  const others = proxy.refused.filter(({ typeUrl, name }) => !own.has(`${typeUrl} ${name}`));
  return {
    ...{ id, stream, cluster, userAgent, state, appliedRevision },
    ...(lag && { behind: { revisions: lag.revisions, since: timeView(lag.since) } }),
    ...(hasEndpoint !== undefined && { hasEndpoint }),
    ...(egress && { egress }),
    resources: resources.map(resourceView),
    /** What it rejects besides, which may keep it from this. */
    ...(others.length > 0 && { rejectsToo: others.map(refusedView) }),
  };
}

function resourceView({ status, sentAt, last }: DeliveredResource) {
  const { typeUrl, name, version, state } = status;
  return {
    type: typeView(typeUrl),
    name,
    version,
    status: state === 'requested' ? ('pending' as const) : state,
    ...(sentAt !== undefined && { sentAt: timeView(sentAt) }),
    ...(last && { judgedAt: timeView(last.judgedAt) }),
    ...(status.state === 'nacked' && {
      error: { message: status.message, at: timeView(status.at) },
    }),
  };
}
