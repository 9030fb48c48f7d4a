import {
  type DepartedView,
  type LoadView,
  type OneProxyView,
  type ProxiesView,
  type ProxyView,
  type RefusedView,
  SHORT_TYPES,
  type StreamView,
} from '../proxies.ts';
import { span } from './span.ts';
import { clean, formatTable } from './table.ts';

const NOBODY =
  'no data plane is connected: start one with "meshkeeper proxy", or "meshkeeper bootstrap envoy"';
/** Always there. */
const COLUMNS = ['Cluster', 'ClusterLoadAssignment', 'Listener', 'RouteConfiguration'];
/** Only where somebody asks for them. */
const RARE = ['VirtualHost', 'Secret'];

/**
 * For people: a row each stream, then what is rejected.
 * @param now milliseconds since the epoch, by the clock that `at` is of
 */
export function proxiesText({ at, proxies, departed }: ProxiesView, now = Date.parse(at)): string {
  if (proxies.length === 0 && departed.length === 0) return NOBODY;
  const asked = new Set(proxies.flatMap(({ types }) => types.map(({ type }) => type)));
  const columns = [...COLUMNS, ...RARE.filter((type) => asked.has(type))];
  const shorts = columns.map((type) => SHORT_TYPES[type]!); // all are in the table
  const row = (proxy: ProxyView, states: string[], behind: string, since: string) => [
    ...[proxy.id || '-', proxy.cluster || '-', ...states, behind],
    ...[agentOf(proxy), since],
  ];
  const table = formatTable({
    head: ['ID', 'CLUSTER', ...shorts, 'BEHIND', 'AGENT', 'SINCE'],
    rows: [
      ...proxies.map((proxy) =>
        row(
          proxy,
          columns.map((wanted) => proxy.types.find(({ type }) => type === wanted)?.state ?? '-'),
          behindOf(proxy, now),
          proxy.connectedSince,
        ),
      ),
      ...departed.map((proxy) =>
        row(
          proxy,
          columns.map(() => '-'),
          '-',
          `gone since ${proxy.disconnectedSince}`,
        ),
      ),
    ],
  });
  const rejections = proxies.flatMap(({ id, refused }) =>
    refusedLines(refused, now).map((line) => clean(`${id} ${line}`)),
  );
  return rejections.length === 0 ? table : [table, '', ...rejections].join('\n');
}

/** For people: all that is known of one data plane. */
export function oneProxyText(view: OneProxyView, now = Date.parse(view.at)): string {
  const { streams, departed, revision, load } = view;
  const parts = streams.map((stream) => streamText(stream, revision, now));
  if (departed !== undefined) parts.push(departedText(departed, now));
  if (load.length > 0) parts.push(loadText(load));
  return parts.join('\n\n');
}

function streamText(stream: StreamView, revision: number, now: number): string {
  const { id, cluster, variant, peer, connectedSince, locality, types, refused } = stream;
  const { region, zone, subzone } = locality;
  const where = Object.entries({ region, zone, subzone }).flatMap(([name, value]) =>
    value === '' ? [] : [`${name} ${value}`],
  );
  const lines = [
    `${id} (${cluster || 'no service'}): ${agentOf(stream)}, ${variant}, from ${peer}`,
    `  connected since ${connectedSince} (${span(now - Date.parse(connectedSince))})`,
    ...(where.length > 0 ? [`  ${where.join(', ')}`] : []),
    `  ${revisionOf(stream, revision, now)}`,
  ];
  const table = formatTable({
    head: ['TYPE', 'STATE', 'SUBSCRIBED', 'SENT', 'ACKNOWLEDGED', 'AT'],
    rows: types.map(({ type, state, wildcard, subscribed, sentVersion, ackedVersion, ackedAt }) => [
      SHORT_TYPES[type] ?? type,
      state,
      wildcard ? 'all' : String(subscribed),
      sentVersion || '-',
      ackedVersion ?? '-',
      ackedAt ?? '-',
    ]),
  });
  const head = lines.map(clean).join('\n');
  const rejections = refusedLines(refused, now).map(clean);
  return [head, '', table, ...(rejections.length > 0 ? ['', ...rejections] : [])].join('\n');
}

function departedText({ id, disconnectedSince, appliedRevision }: DepartedView, now: number) {
  const had = appliedRevision === undefined ? 'nothing' : `revision ${appliedRevision}`;
  const ago = span(now - Date.parse(disconnectedSince));
  return clean(`${id} is gone since ${disconnectedSince} (${ago}); it had applied ${had}`);
}

/** What it reports, without the clusters to which it sent nothing. */
function loadText(load: readonly LoadView[]): string {
  const busy = load.filter(
    ({ requestsPerSecond, inProgress, dropped }) => requestsPerSecond + inProgress + dropped > 0,
  );
  if (busy.length === 0) return 'reports no requests';
  return formatTable({
    head: ['REPORTS ON', 'REQUESTS/S', 'ERRORS/S', 'IN PROGRESS', 'DROPPED', 'OVER'],
    rows: busy.map((each) => [
      each.cluster,
      String(each.requestsPerSecond),
      String(each.errorsPerSecond),
      String(each.inProgress),
      String(each.dropped),
      `${Math.round(each.interval / 1000)}s`,
    ]),
  });
}

function revisionOf({ appliedRevision, behind }: StreamView, revision: number, now: number) {
  if (appliedRevision === undefined)
    return `has never had everything; revision ${revision} is the newest`;
  if (behind === undefined) return `has applied revision ${appliedRevision}, the newest`;
  const since = `${behind.since} (${span(now - Date.parse(behind.since))})`;
  return `has applied revision ${appliedRevision}, ${behind.revisions} behind since ${since}`;
}

/** How far behind the newest revision, and for how long. */
function behindOf({ appliedRevision, behind }: StreamView, now: number): string {
  if (appliedRevision === undefined) return 'incomplete';
  if (behind === undefined) return '-';
  return `${behind.revisions} (${span(now - Date.parse(behind.since))})`;
}

function agentOf({ userAgent, userAgentVersion }: ProxyView): string {
  return `${userAgent} ${userAgentVersion}`.trim() || '-';
}

/** What is rejected, with the data plane's words; those that were rejected together are told so. */
export function refusedLines(refused: readonly RefusedView[], now: number): string[] {
  const groups = Map.groupBy(refused, ({ type, at, message, certain }) =>
    JSON.stringify([type, at, message, certain]),
  );
  return [...groups.values()].map((group) => {
    const [{ type, at, message, certain }] = group as [RefusedView]; // a group has a first
    const names = group.map(({ name }) => name);
    const some =
      names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
    const which = certain || names.length === 1 ? some : `one or more of ${some}`;
    const ago = span(now - Date.parse(at));
    return `rejects ${SHORT_TYPES[type] ?? type} ${which} since ${at} (${ago}): ${message.trim()}`;
  });
}
