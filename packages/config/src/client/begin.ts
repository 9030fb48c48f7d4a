import { ConfigError } from '../config-error.ts';
import { type Accept, misfit } from './accept.ts';
import type { Resolved } from './resolved.ts';
import type { Snapshot } from './snapshot.ts';
import { type ConfigStatus, staleBecause, ZOOKEEPER_AWAY } from './status.ts';
import type { Updates } from './updates.ts';

/** What a client has when it is opened. */
export interface Begun<T> {
  readonly value: T;
  /** Undefined of defaults alone. */
  readonly resolved: Resolved | undefined;
  readonly status: ConfigStatus;
}

/** What a client begins from. */
export interface Beginning<T> {
  readonly application: string;
  readonly updates: Updates;
  readonly accept: Accept<T>;
  readonly snapshot: Snapshot | undefined;
  /** Defaults alone are enough when there is nothing else. */
  readonly optional: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * What the source says first; when it is away or what it says doesn't fit, what the disk has.
 * @throws ConfigError
 */
export async function begin<T>(beginning: Beginning<T>): Promise<Begun<T>> {
  const { application, accept, updates, optional, timeout, signal } = beginning;
  const late = AbortSignal.timeout(timeout);
  const both = signal === undefined ? late : AbortSignal.any([signal, late]);
  let reason = `nobody answered within ${timeout / 1_000} s`;
  for (;;) {
    const update = await updates.next(both);
    signal?.throwIfAborted();
    if (update === undefined) break;
    if (update.type === 'refused') throw update.error;
    if (update.type === 'resolved') {
      const { resolved } = update;
      const accepted = await accept(resolved);
      if (accepted.ok) {
        const status = resolved.stale ? staleBecause(ZOOKEEPER_AWAY) : ({ state: 'live' } as const);
        return { value: accepted.value, resolved, status };
      }
      const { faults } = accepted;
      const old = await fromDisk(beginning);
      if (old === undefined) throw misfit(application, faults);
      return { ...old, status: { state: 'rejected', faults, since: new Date() } };
    }
    reason = update.reason;
    const old = await fromDisk(beginning);
    if (old !== undefined) return { ...old, status: staleBecause(reason) };
  }
  const old = (await fromDisk(beginning)) ?? (optional ? await alone(beginning) : undefined);
  if (old !== undefined) return { ...old, status: staleBecause(reason) };
  throw new ConfigError(
    'UNAVAILABLE',
    `the configuration of ${application} can't be had: ${reason}`,
  );
}

async function fromDisk<T>({ snapshot, accept }: Beginning<T>) {
  const resolved = await snapshot?.read();
  if (resolved === undefined) return undefined;
  const accepted = await accept(resolved);
  return accepted.ok ? { value: accepted.value, resolved } : undefined;
}

/** Defaults alone. */
async function alone<T>({ accept, application }: Beginning<T>) {
  const accepted = await accept({ values: {} });
  if (accepted.ok) return { value: accepted.value, resolved: undefined };
  throw misfit(application, accepted.faults);
}
