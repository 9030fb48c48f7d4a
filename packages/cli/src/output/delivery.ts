import { type RefusedView, SHORT_TYPES } from '../proxies.ts';

/** A resource of a service at a data plane. */
interface ResourceView {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly status: 'acked' | 'nacked' | 'pending' | 'missing';
  readonly sentAt?: string;
  readonly judgedAt?: string;
  readonly error?: { readonly message: string; readonly at: string };
}

/** How a service arrives at a data plane. */
interface DeliveryView {
  readonly id: string;
  readonly state: 'has' | 'pending' | 'rejects' | 'not-subscribed';
  readonly appliedRevision?: number;
  readonly behind?: { readonly revisions: number; readonly since: string };
  readonly hasEndpoint?: boolean;
  readonly egress?: { readonly patterns: readonly string[]; readonly policy: string };
  readonly resources: readonly ResourceView[];
  readonly rejectsToo?: readonly RefusedView[];
}

/** How it arrives at all of them; how many there are of each kind, and the first of them. */
export interface DeliveriesView {
  readonly counts: Readonly<Record<DeliveryView['state'], number>>;
  readonly proxies: readonly DeliveryView[];
}

const STATES: Readonly<Record<DeliveryView['state'], string>> = {
  has: 'has it',
  pending: 'has not acknowledged all of it yet',
  rejects: 'rejects something of it',
  'not-subscribed': 'does not subscribe to it',
};

/** For people: each data plane, with what it was sent of the service and what it made of that. */
export function deliveryLines({ counts, proxies }: DeliveriesView): string[] {
  if (proxies.length === 0) return ['no data plane is connected that it could be sent to'];
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const lines = ['data planes:', ...proxies.flatMap(proxyLines)];
  if (total > proxies.length) lines.push(`  and ${total - proxies.length} more, see -o json`);
  return lines;
}

function proxyLines(proxy: DeliveryView): string[] {
  const { id, state, appliedRevision, behind, hasEndpoint, egress, resources } = proxy;
  const revision = appliedRevision === undefined ? 'none whole' : String(appliedRevision);
  const late = behind ? `, ${behind.revisions} behind since ${behind.since}` : '';
  const without =
    hasEndpoint === false && state !== 'not-subscribed' ? ', without the endpoint' : '';
  const lines = [`  ${id} ${STATES[state]}${without} (revision ${revision}${late})`];
  if (state === 'not-subscribed' && egress)
    lines.push(`    ${egress.policy} lets it call ${egress.patterns.join(', ') || 'nobody'} only`);
  lines.push(...resources.map((resource) => `    ${resourceLine(resource)}`));
  for (const { type, name, at, message } of proxy.rejectsToo ?? [])
    lines.push(
      `    it also rejects ${SHORT_TYPES[type] ?? type} ${name} since ${at}: ${message.trim()}`,
    );
  return lines;
}

function resourceLine(resource: ResourceView): string {
  const { type, name, version, status, sentAt, judgedAt, error } = resource;
  const what = `${SHORT_TYPES[type] ?? type} ${name}${version ? ` ${version}` : ''}`;
  const sent = sentAt ? `sent ${sentAt}, ` : '';
  switch (status) {
    case 'acked':
      return `${what}: ${sent}acknowledged${judgedAt ? ` ${judgedAt}` : ''}`;
    case 'nacked':
      return `${what}: ${sent}rejected ${error?.at}: ${error?.message.trim()}`;
    case 'pending':
      return `${what}: ${sentAt ? `sent ${sentAt}, not acknowledged yet` : 'to be sent'}`;
    case 'missing':
      return `${what}: asked for, and there is none`;
  }
}
