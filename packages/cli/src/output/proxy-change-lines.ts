import { type ProxiesView, SHORT_TYPES, type StreamView } from '../proxies.ts';
import { clean } from './table.ts';

/** What has changed from one state of the data planes to the next, as lines for people. */
export function proxyChangeLines(before: ProxiesView | undefined, after: ProxiesView): string[] {
  const old = new Map(before?.proxies.map((proxy) => [proxy.stream, proxy]));
  const now = new Set(after.proxies.map(({ stream }) => stream));
  const lines = [
    ...[...old.values()]
      .filter(({ stream }) => !now.has(stream))
      .map(({ id }) => `${id}  disconnected`),
    ...after.proxies.flatMap((proxy) => changesOf(old.get(proxy.stream), proxy)),
  ];
  return lines.map((line) => clean(`${after.at}  ${line}`));
}

function changesOf(before: StreamView | undefined, after: StreamView): string[] {
  const { id, userAgent, userAgentVersion, appliedRevision: applied } = after;
  const lines: string[] = [];
  if (before === undefined) lines.push(`${id}  connected  ${userAgent} ${userAgentVersion}`);
  const known = new Set(before?.refused.map(keyOf));
  for (const refused of after.refused)
    if (!known.has(keyOf(refused))) {
      const type = SHORT_TYPES[refused.type] ?? refused.type;
      lines.push(`${id}  rejects ${type} ${refused.name}: ${refused.message.trim()}`);
    }
  if (applied !== undefined && applied !== before?.appliedRevision)
    lines.push(`${id}  has applied revision ${applied}`);
  return lines.map((line) => line.trimEnd());
}

function keyOf({ type, name, version }: StreamView['refused'][number]): string {
  return JSON.stringify([type, name, version]);
}
