import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from '@meshkeeper/mesh';
import { until } from '@meshkeeper/testbed';
import type { Plane } from '../routes/stand.ts';
import type { Instance } from './instance.ts';

/** What of a request matters here. */
export interface Sent {
  /** Default `/test.Echo/Get`. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Who took a request, by its name; else the status that was answered: `503`, `UNAVAILABLE`. */
export async function send(
  plane: Plane,
  { name, protocol }: Pick<Service, 'name' | 'protocol'>,
  { path = '/test.Echo/Get', headers }: Sent = {},
): Promise<string> {
  if (protocol === 'grpc') {
    const { code, asked } = await plane.call(name, { path, ...(headers && { headers }) });
    return asked?.at ?? code;
  }
  const { status, asked } = await plane.ask(name, { path, ...(headers && { headers }) });
  return status === 200 ? (asked?.at ?? '') : String(status);
}

/** Who took so many requests, one after the other. */
export async function sendAll(
  plane: Plane,
  service: Pick<Service, 'name' | 'protocol'>,
  count: number,
  sent: (at: number) => Sent = () => ({}),
): Promise<string[]> {
  const takers: string[] = [];
  for (let at = 0; at < count; at++) takers.push(await send(plane, service, sent(at)));
  return takers;
}

/** Who took requests that are sent at once. */
export function sendTogether(
  plane: Plane,
  service: Pick<Service, 'name' | 'protocol'>,
  count: number,
  sent: Sent = {},
): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => send(plane, service, sent)));
}

/** How many each has taken. */
export function tally(takers: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const taker of takers) counts[taker] = (counts[taker] ?? 0) + 1;
  return counts;
}

/**
 * Sends until each of these has taken one: a client connects to one after the other, and spreads what it
 * sends over those that it has.
 */
export async function reach(
  plane: Plane,
  service: Pick<Service, 'name' | 'protocol'>,
  names: readonly string[],
): Promise<void> {
  const missing = new Set(names);
  for (let tries = 0; missing.size > 0; tries++) {
    assert(tries < 1000, `${[...missing].join()} take nothing`);
    missing.delete(await send(plane, service));
  }
}

/**
 * Has an instance hold so many requests until they are released; those that others take in the meantime
 * they answer.
 */
export async function occupy(
  plane: Plane,
  service: Pick<Service, 'name' | 'protocol'>,
  instance: Instance,
  count = 1,
): Promise<() => Promise<void>> {
  const released = Promise.withResolvers<void>();
  const { answer } = instance;
  let taken = 0;
  let arrived = Promise.withResolvers<void>();
  instance.answer = async (asked) => {
    if (asked.headers['x-hold'] === undefined) return answer(asked);
    taken++;
    arrived.resolve();
    await released.promise;
    return {};
  };
  const held: Promise<string>[] = [];
  for (let tries = 0; taken < count; tries++) {
    assert(tries < 1000, `${instance.name} takes nothing`);
    arrived = Promise.withResolvers();
    const sent = send(plane, service, { headers: { 'x-hold': 'yes' } });
    held.push(sent);
    const came = await Promise.race([sent, arrived.promise, delay(3_000, 'nothing')]);
    assert.notEqual(came, 'nothing', `${instance.name} is sent ${taken} of ${count}`);
  }
  return async () => {
    released.resolve();
    await Promise.all(held);
    instance.answer = answer;
  };
}

/** Waits until what is asserted holds: who was told of something does it a moment later. */
export async function eventually(check: () => Promise<void>): Promise<void> {
  let failure: unknown;
  const checked = async () => {
    try {
      await check();
      return true;
    } catch (error) {
      failure = error;
      return false;
    }
  };
  await until(checked, { timeout: 5_000 }).catch(() => {
    throw failure;
  });
}
