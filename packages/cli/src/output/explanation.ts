import type { EffectivePolicy, PolicyOrigin, TrafficPolicy } from '@meshkeeper/mesh';
import { type DeliveriesView, deliveryLines } from './delivery.ts';
import { effectiveLines } from './effective-policy.ts';
import { policyLines } from './policy.ts';
import { clean } from './table.ts';

/** A service's explanation, or that of one of its endpoints, as the API gives it. */
export interface ExplanationView {
  readonly service: string;
  /** The endpoint that was asked about. */
  readonly endpoint?: string;
  readonly verdict: { readonly stopsAt: string; readonly text: string };
  readonly served: boolean;
  readonly sources: readonly {
    readonly name: string;
    readonly state?: string;
    readonly priority: number;
    readonly says?: {
      readonly protocol: string;
      readonly endpoints: number;
      readonly hosts?: readonly string[];
    };
  }[];
  readonly hold: boolean;
  readonly alarm?: { readonly reason: string };
  /** What its registry states of its traffic. */
  readonly policy?: TrafficPolicy;
  /** What operators state, and what holds. */
  readonly policies?: {
    readonly applied: readonly { readonly origin: PolicyOrigin; readonly what: string }[];
    readonly effective: EffectivePolicy;
    readonly findings: readonly {
      readonly policy: string;
      readonly severity: string;
      readonly field: string;
      readonly message: string;
    }[];
  };
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
  readonly unservable: readonly {
    readonly endpoint?: string;
    readonly code: string;
    readonly message: string;
  }[];
  readonly dataPlanes: DeliveriesView;
}

interface EndpointView {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly health: string;
  readonly origin: {
    readonly path: string;
    readonly czxid?: string;
    readonly mzxid?: string;
    readonly changed?: string;
    readonly version?: string;
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

/** For people: where the way ends, then all of it, from the znodes to what the data planes have. */
export function explanationText(view: ExplanationView): string {
  const { service, endpoint, endpoints, verdict, policies } = view;
  const [only] = endpoints;
  const subject =
    endpoint === undefined ? service : `${only ? nameOf(only) : endpoint} of ${service}`;
  const lines = [
    `${subject} ${verdict.text}`,
    '',
    'registries, the one that is believed first:',
    ...view.sources.map(sourceLine),
  ];
  if (view.hold) lines.push('', 'an operator holds it: nothing leaves it until it is released');
  if (view.alarm) lines.push('', `alarm: ${view.alarm.reason}`);
  for (const each of endpoints) lines.push('', ...endpointLines(each));
  for (const { endpoint: gone, departure, at } of view.gone)
    lines.push('', `${nameOf(gone)} is gone since ${at} (${departure}): ${gone.origin.path}`);
  if (view.problems.length > 0) lines.push('', 'not usable:');
  for (const { path, code, message } of view.problems) lines.push(`  ${code} ${path}: ${message}`);
  if (view.policy) lines.push('', 'its registry states, and where:', ...policyLines(view.policy));
  if (policies) lines.push(...policiesLines(policies));
  if (view.unservable.length > 0) lines.push('', 'what data planes can not be told:');
  for (const { endpoint: id, code, message } of view.unservable)
    lines.push(`  ${code} ${id ?? service}: ${message}`);
  if (view.served) lines.push('', ...deliveryLines(view.dataPlanes));
  return lines.map(clean).join('\n');
}

function policiesLines({
  applied,
  effective,
  findings,
}: NonNullable<ExplanationView['policies']>): string[] {
  const lines: string[] = [];
  if (applied.length > 0) lines.push('', 'operators state:');
  for (const { origin, what } of applied) lines.push(`  ${origin.path}: ${what}`);
  for (const { policy, severity, field, message } of findings)
    lines.push(`  ${severity}: ${policy} ${field}: ${message}`);
  const holding = effectiveLines(effective);
  if (holding.length > 0) lines.push('', 'of all that is stated holds:', ...holding);
  return lines;
}

function sourceLine({ name, state, priority, says }: ExplanationView['sources'][number]): string {
  const what = says
    ? `${says.endpoints} endpoint${says.endpoints === 1 ? '' : 's'}, ${says.protocol}${says.hosts ? `, also called ${says.hosts.join(', ')}` : ''}`
    : 'does not have it';
  return `  ${name.padEnd(12)} ${(state ?? '').padEnd(9)} priority ${priority}: ${what}`;
}

/** Which version of what was read; only ZooKeeper has transactions. */
function versionText({ czxid, mzxid, changed, version }: EndpointView['origin']): string {
  if (czxid !== undefined) return `, created in ${czxid}, changed in ${mzxid} on ${changed}`;
  return version === undefined ? '' : `, version ${version}`;
}

function endpointLines(endpoint: ExplainedEndpointView): string[] {
  const lines = [nameOf(endpoint)];
  for (const { source, endpoint: read, decision } of endpoint.registrations) {
    lines.push(`  ${read.origin.path} (${source})${versionText(read.origin)}`);
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
    const said = Object.entries(endpoint.overlay).map(([key, value]) =>
      key === 'at' ? `at ${new Date(Number(value)).toISOString()}` : `${key} ${String(value)}`,
    );
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
