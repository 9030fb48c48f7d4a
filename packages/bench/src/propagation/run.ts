import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@meshkeeper/testbed';
import type { ControlPlaneProcess } from './control-plane-process.ts';
import type { Fleet } from './fleet.ts';
import { now } from './now.ts';
import { type Change, type Kind, planChanges } from './plan.ts';

/** How changes are spread over time. */
export interface Pace {
  readonly name: string;
  /** Changes that are written at once. */
  readonly burst: number;
  /** Milliseconds from one burst to the next, on the average; it varies from none to double. */
  readonly gap: number;
}

/** What was measured over some changes. */
export interface Measured {
  /** Milliseconds from the reply to each write to the Envoy's acknowledgement. */
  readonly times: readonly { readonly kind: Kind; readonly ms: number }[];
  /** Responses with endpoints, and all others, as far as those are told apart. */
  readonly responses: { readonly endpoints: number; readonly others?: number };
  /** CPU time of the control plane in milliseconds. */
  readonly cpu: number;
}

/**
 * Makes changes at that pace; when ZooKeeper's reply to each came, by id.
 * @param prepared is called with each just before it is made
 */
export async function write(
  fleet: Fleet,
  changes: readonly Change[],
  { burst, gap }: Pace,
  signal: AbortSignal,
  prepared?: (change: Change, address: string) => void,
): Promise<ReadonlyMap<string, number>> {
  const committedAt = new Map<string, number>();
  const writeOne = async (change: Change) => {
    const { address, write } = fleet.prepare(change);
    prepared?.(change, address);
    await write();
    committedAt.set(change.id, now());
  };
  const writing: Promise<unknown>[] = [];
  for (let at = 0; at < changes.length; at += burst) {
    await pause(Math.random() * 2 * gap, undefined, { signal });
    const written = Promise.all(changes.slice(at, at + burst).map(writeOne));
    written.catch(() => {}); // the wait for all of them throws it
    writing.push(written);
  }
  await Promise.all(writing);
  return committedAt;
}

/** Makes `count` changes at that pace, and waits until the Envoy has acknowledged each. */
export async function measure(
  fleet: Fleet,
  controlPlane: ControlPlaneProcess,
  pace: Pace,
  count: number,
  signal: AbortSignal,
): Promise<Measured> {
  const changes = planChanges(fleet.present, count, () => fleet.fresh(Math.random), Math.random);
  const { cpu: cpuBefore } = await controlPlane.report();
  const committedAt = await write(fleet, changes, pace, signal);
  const ackedAt = new Map<string, number>();
  const responses = { endpoints: 0, others: 0 };
  let cpu = 0;
  const settled = async () => {
    const report = await controlPlane.report();
    if (report.responses.rejected > 0) throw new Error('Envoy rejected a response');
    for (const { id, ackedAt: at } of report.applied) ackedAt.set(id, at);
    responses.endpoints += report.responses.endpoints;
    responses.others += report.responses.others;
    cpu = report.cpu - cpuBefore;
    return changes.every(({ id }) => ackedAt.has(id));
  };
  await until(settled, { interval: 200, signal, message: 'Envoy has acknowledged every change' });
  const times = changes.map(({ kind, id }) => {
    // Both have every change: the writes were awaited, and so were the acknowledgements.
    return { kind, ms: (ackedAt.get(id) as number) - (committedAt.get(id) as number) };
  });
  return { times, responses, cpu };
}
