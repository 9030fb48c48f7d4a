import type { TrafficPolicy } from '@meshkeeper/mesh';
import { policyLines } from './policy.ts';
import { clean } from './table.ts';

/** A service's explanation, as the API gives it. */
export interface ExplanationView {
  readonly service: string;
  readonly ready: boolean;
  readonly served: boolean;
  readonly revision: number;
  readonly sources: readonly {
    readonly name: string;
    readonly state?: string;
    readonly priority: number;
    readonly says?: { readonly protocol: string; readonly endpoints: number };
  }[];
  readonly hold: boolean;
  readonly alarm?: { readonly reason: string };
  /** What its registry states of its traffic. */
  readonly policy?: TrafficPolicy;
  readonly endpoints: readonly ExplainedEndpointView[];
  readonly gone: readonly {
    readonly endpoint: EndpointView;
    readonly departure: string;
    readonly at: string;
  }[];
  readonly problems: readonly {
    readonly path: string;
    readonly code: string;
    readonly message: string;
  }[];
}

interface EndpointView {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly health: string;
  readonly origin: {
    readonly path: string;
    readonly czxid: string;
    readonly mzxid: string;
    readonly changed: string;
  };
}

interface ExplainedEndpointView {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly registrations: readonly {
    readonly source: string;
    readonly endpoint: EndpointView;
    readonly decision: {
      readonly type: string;
      readonly of?: string;
      readonly because?: string;
    };
  }[];
  readonly held?: { readonly reason: string; readonly since: string; readonly until?: string };
  readonly overlay?: Readonly<Record<string, unknown>>;
  readonly served?: EndpointView;
}

/** For people: each endpoint with the chain from its znode to what is served. */
export function explanationText(view: ExplanationView): string {
  const { service, served, revision, endpoints } = view;
  const count = endpoints.filter((endpoint) => endpoint.served).length;
  const lines = [
    served
      ? `${service} is served with ${count} endpoint${count === 1 ? '' : 's'} (revision ${revision})`
      : `${service} is not served: ${whyNot(view)}`,
    '',
    'registries, the one that is believed first:',
    ...view.sources.map(sourceLine),
  ];
  if (view.hold) lines.push('', 'an operator holds it: nothing leaves it until it is released');
  if (view.alarm) lines.push('', `alarm: ${view.alarm.reason}`);
  if (view.policy) lines.push('', 'its registry states, and where:', ...policyLines(view.policy));
  for (const endpoint of endpoints) lines.push('', ...endpointLines(endpoint));
  for (const { endpoint, departure, at } of view.gone)
    lines.push(
      '',
      `${nameOf(endpoint)} is gone since ${at} (${departure}): ${endpoint.origin.path}`,
    );
  if (view.problems.length > 0) lines.push('', 'not usable:');
  for (const { path, code, message } of view.problems) lines.push(`  ${code} ${path}: ${message}`);
  return lines.map(clean).join('\n');
}

function whyNot({ ready, sources, problems }: ExplanationView): string {
  const unread = sources.filter(({ state }) => state === 'starting').map(({ name }) => name);
  if (!ready) return `nothing is, until ${unread.join(' and ')} has been read`;
  if (problems.length > 0) return 'what is registered of it can not be used, see below';
  return 'no registry has a service of that name; "meshkeeper services" lists those there are';
}

function sourceLine({ name, state, priority, says }: ExplanationView['sources'][number]): string {
  const what = says
    ? `${says.endpoints} endpoint${says.endpoints === 1 ? '' : 's'}, ${says.protocol}`
    : 'does not have it';
  return `  ${name.padEnd(12)} ${(state ?? '').padEnd(9)} priority ${priority}: ${what}`;
}

function endpointLines(endpoint: ExplainedEndpointView): string[] {
  const lines = [nameOf(endpoint)];
  for (const { source, endpoint: read, decision } of endpoint.registrations) {
    const { path, czxid, mzxid, changed } = read.origin;
    lines.push(`  ${path} (${source}), created in ${czxid}, changed in ${mzxid} on ${changed}`);
    lines.push(`    says weight ${read.weight}, health ${read.health}`);
    if (decision.type !== 'served')
      lines.push(`    ${decision.type} of that of ${decision.of}: ${decision.because}`);
  }
  if (endpoint.held) {
    const { reason, since, until } = endpoint.held;
    lines.push(
      `  gone from its registry, held since ${since}${until ? ` until ${until}` : ''}: ${reason}`,
    );
  }
  if (endpoint.overlay) {
    const said = Object.entries(endpoint.overlay).map(([key, value]) => `${key} ${String(value)}`);
    lines.push(`  an operator says: ${said.join(', ')}`);
  }
  lines.push(
    endpoint.served
      ? `  served with weight ${endpoint.served.weight}, health ${endpoint.served.health}`
      : '  not served',
  );
  return lines;
}

function nameOf({ id, address, port }: Pick<EndpointView, 'id' | 'address' | 'port'>): string {
  const at = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return id === at ? at : `${id} at ${at}`;
}
