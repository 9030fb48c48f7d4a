import type { Endpoint, ServiceChange } from '@meshkeeper/mesh';

/** A change of the catalog as a line for people: what joined, left or changed. */
export function changeLine(change: ServiceChange, at: Date): string {
  const before = change.type === 'added' ? [] : change.before.endpoints;
  const after = change.type === 'removed' ? [] : change.after.endpoints;
  const old = new Map(before.map((endpoint) => [endpoint.id, endpoint]));
  const now = new Set(after.map(({ id }) => id));
  const parts = [
    ...after.filter(({ id }) => !old.has(id)).map((endpoint) => `+ ${place(endpoint)}`),
    ...before.filter(({ id }) => !now.has(id)).map((endpoint) => `- ${place(endpoint)}`),
    ...after.flatMap((endpoint) => changed(old.get(endpoint.id), endpoint)),
  ];
  const time = at.toTimeString().slice(0, 8);
  return `${time}  ${change.name}  ${parts.join('  ') || change.type}`;
}

function place({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}

function changed(before: Endpoint | undefined, after: Endpoint): string[] {
  if (before === undefined) return [];
  if (before.health !== after.health)
    return [`~ ${place(after)} ${before.health} -> ${after.health}`];
  if (before.weight !== after.weight)
    return [`~ ${place(after)} weight ${before.weight} -> ${after.weight}`];
  return [];
}
