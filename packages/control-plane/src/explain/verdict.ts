import type { ExplainedEndpoint, Explanation } from '@meshkeeper/mesh';
import type { ResourceProblem } from '@meshkeeper/xds';
import { arrival } from './arrival.ts';
import type { ServiceDelivery } from './delivery.ts';
import { plural } from './plural.ts';
import type { StatedPolicies } from './stated-policies.ts';

/** Where the way from a znode to the data planes ends, in words. */
export interface Verdict {
  /** The step that it does not get over; `none` when it arrives. */
  readonly stopsAt:
    | 'none'
    | 'registry'
    | 'merge'
    | 'protection'
    | 'overlay'
    | 'health'
    | 'policy'
    | 'resources'
    | 'data-plane';
  /** What is so, as it follows the name: `is served with 2 endpoints, and all 3 data planes have it`. */
  readonly text: string;
}

/** All that is known of the way. */
export interface Way {
  readonly explanation: Explanation;
  readonly revision: number;
  readonly served: boolean;
  /** Registries that are not read yet. */
  readonly unread: readonly string[];
  /** Whether something that is registered under the name can't be used. */
  readonly unusable: boolean;
  readonly policies: StatedPolicies | undefined;
  /** What of it can't be told to data planes. */
  readonly unservable: readonly ResourceProblem[];
  readonly deliveries: readonly ServiceDelivery[];
  /** The data plane that is asked about; undefined: all. */
  readonly proxy: string | undefined;
}

/** Where the way of a service ends. */
export function serviceVerdict(way: Way): Verdict {
  const { explanation, revision, served, unservable } = way;
  if (!served) return { stopsAt: 'registry', text: `is not served: ${whyNot(way)}` };
  const endpoints = explanation.endpoints.flatMap((endpoint) => endpoint.served ?? []);
  const start = `is served with ${plural(endpoints.length, 'endpoint')} (revision ${revision})`;
  const stop = (stopsAt: Verdict['stopsAt'], text: string): Verdict => {
    return { stopsAt, text: `${start}${text}` };
  };
  const whole = unservable.find(({ endpoint }) => endpoint === undefined);
  if (whole) return stop('resources', `, but data planes are not told: ${whole.message}`);
  const arrived = arrival(way.deliveries, way.proxy);
  if (!arrived.arrives) return stop('data-plane', arrived.text);
  if (endpoints.length === 0) return stop('registry', ', but there is none to take requests');
  if (!endpoints.some(({ health, weight }) => takesRequests(health, weight)))
    return stop('health', ', but none of them takes requests');
  if (unservable.length === 0) return stop('none', arrived.text);
  const left = `${plural(unservable.length, 'endpoint')} can not be told to data planes, see below`;
  return stop('resources', `${arrived.text}; ${left}`);
}

/** Where the way of one of its endpoints ends; the explanation is about that one alone. */
export function endpointVerdict(way: Way): Verdict {
  const { explanation } = way;
  const [endpoint] = explanation.endpoints;
  if (endpoint !== undefined) return knownVerdict(endpoint, way);
  const [gone] = explanation.gone;
  const why = way.served && !way.unusable ? 'no registry has it' : whyNot(way);
  const text = gone
    ? `is gone since ${new Date(gone.at).toISOString()} (${gone.departure})`
    : `is not served: ${why}`;
  return { stopsAt: 'registry', text };
}

function knownVerdict({ served, overlay, held }: ExplainedEndpoint, way: Way): Verdict {
  if (served === undefined) return { stopsAt: 'merge', text: 'is registered, but not served' };
  const { id, health, weight, role } = served;
  const problem = way.unservable.find(({ endpoint = id }) => endpoint === id);
  if (problem) return { stopsAt: 'resources', text: `is served, but left out: ${problem.message}` };
  const leader = way.policies?.leaderOnly;
  if (leader && role !== 'leader')
    return {
      stopsAt: 'policy',
      text: `takes no requests: ${leader.path} sends them to the leader, and it is not`,
    };
  if (!takesRequests(health, weight)) {
    const said = overlay?.drain || overlay?.weight === 0 || overlay?.health !== undefined;
    const why = weight === 0 ? 'its weight is 0' : `it is ${health}`;
    return {
      stopsAt: said ? 'overlay' : 'health',
      text: `is served, but gets no new requests: ${why}${said ? ', as an operator says' : ''}`,
    };
  }
  const arrived = arrival(way.deliveries, way.proxy);
  if (!arrived.arrives) return { stopsAt: 'data-plane', text: `is served${arrived.text}` };
  if (held === undefined) return { stopsAt: 'none', text: `is served${arrived.text}` };
  const text = `is gone from its registry, and held (${held.reason})${arrived.text}`;
  return { stopsAt: 'protection', text };
}

function whyNot({ explanation, unread, unusable }: Way): string {
  if (!explanation.ready) return `nothing is, until ${unread.join(' and ')} has been read`;
  if (unusable) return 'what is registered of it can not be used, see below';
  return 'no registry has a service of that name; "meshkeeper services" lists those there are';
}

function takesRequests(health: string, weight: number): boolean {
  return weight > 0 && health !== 'draining' && health !== 'unhealthy';
}
