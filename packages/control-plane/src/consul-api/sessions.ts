import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { MemberView } from '../leases/queue-view.ts';
import type { Queues } from '../leases/queues.ts';
import { ConsulFault } from './consul-fault.ts';

/** How long ZooKeeper may take, in milliseconds. */
const PATIENCE = 5_000;
const PREFIX = 'consul-session-';
const SHORTEST_TTL = 10_000;
const LONGEST_TTL = 86_400_000;
/** What is shown of a lock's value. */
const MOST_BYTES = 1_000;

const bodySchema = z.looseObject({
  Name: z.string().max(200).default(''),
  TTL: z.string().default(''),
  Behavior: z.enum(['release', 'delete', '']).default('release'),
  LockDelay: z.union([z.string(), z.number()]).default('15s'),
});

const storedSchema = z.object({ Name: z.string(), TTL: z.string(), Behavior: z.string() });

/** A session, as Consul tells it. */
export interface SessionView {
  readonly ID: string;
  readonly Name: string;
  readonly TTL: string;
  readonly Behavior: string;
  readonly Node: string;
  readonly LockDelay: number;
  readonly Checks: readonly string[];
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

/** Consul's sessions and the keys that they hold: leases of ours, at any replica. */
export class Sessions {
  readonly #queues: Queues;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  /** @throws ConsulFault */
  async create(body: Buffer): Promise<string> {
    const stated = bodySchema.safeParse(body.length === 0 ? {} : spelled(parsed(body)));
    if (!stated.success) throw new ConsulFault(400, z.prettifyError(stated.error));
    const { Name, TTL, Behavior } = stated.data;
    if (TTL === '')
      throw new ConsulFault(
        400,
        'say a TTL: a session lives by being renewed here, there are no nodes whose health it would live by',
      );
    const ttl = ttlOf(TTL);
    const id = randomUUID();
    const data = JSON.stringify({ Name, TTL, Behavior: Behavior || 'release' });
    const asked = { name: `${PREFIX}${id}`, holder: id, ttl, wait: 0, data };
    const outcome = await this.#queues.acquire(asked, AbortSignal.timeout(PATIENCE), PATIENCE);
    if (outcome.type !== 'granted') throw new ConsulFault(500, 'the session could not be made');
    return id;
  }

  /** Undefined when there is none, or not any more. */
  async info(id: string): Promise<SessionView | undefined> {
    if (!isId(id)) return undefined;
    const signal = AbortSignal.timeout(PATIENCE);
    const { holders } = await this.#queues.view(`${PREFIX}${id}`, signal);
    const [holder] = holders;
    return holder && viewOf(id, holder);
  }

  async list(): Promise<readonly SessionView[]> {
    const all = await this.#queues.list(AbortSignal.timeout(PATIENCE));
    return all
      .filter(({ name, holders }) => name.startsWith(PREFIX) && holders.length > 0)
      .map(({ name, holders }) => viewOf(name.slice(PREFIX.length), holders[0]!));
  }

  /** Keeps it and all that it holds alive. Undefined when there is none any more. */
  async renew(id: string): Promise<SessionView | undefined> {
    const view = await this.info(id);
    if (view === undefined) return undefined;
    const signal = AbortSignal.timeout(PATIENCE);
    const kept = await Promise.all(
      (await this.#namesOf(id)).map((name) => this.#queues.keepAlive(name, id, signal)),
    );
    return kept.some(({ type }) => type === 'kept') ? view : undefined;
  }

  /** Ends it, and with it what it holds: that first. */
  async destroy(id: string): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE);
    const names = await this.#namesOf(id);
    const own = `${PREFIX}${id}`;
    await Promise.all(
      names.filter((name) => name !== own).map((name) => this.#queues.end(name, id, signal)),
    );
    await this.#queues.end(own, id, signal);
  }

  /** True when the session holds the key now. @throws ConsulFault 500 for a session that isn't there */
  async acquire(key: string, id: string, value: Buffer): Promise<boolean> {
    if (value.length > MOST_BYTES)
      throw new ConsulFault(413, `the value of a lock has ${MOST_BYTES} bytes at most`);
    const session = await this.info(id);
    if (session === undefined) throw new ConsulFault(500, `invalid session "${id}"`);
    const asked = { name: lockName(key), holder: id, ttl: ttlOf(session.TTL), wait: 0 };
    const outcome = await this.#queues.acquire(
      { ...asked, data: value.toString() },
      AbortSignal.timeout(PATIENCE),
      PATIENCE,
    );
    return outcome.type === 'granted';
  }

  /** False when the session doesn't hold it. */
  release(key: string, id: string): Promise<boolean> {
    return this.#queues.end(lockName(key), id, AbortSignal.timeout(PATIENCE));
  }

  /** Who holds a key. */
  async holder(key: string): Promise<MemberView | undefined> {
    const { holders } = await this.#queues.view(lockName(key), AbortSignal.timeout(PATIENCE));
    return holders[0];
  }

  /** Tells whenever who holds a key may be another. */
  watch(key: string, signal: AbortSignal): AsyncGenerator<unknown> {
    return this.#queues.watch(lockName(key), signal);
  }

  async #namesOf(id: string): Promise<string[]> {
    if (!isId(id)) return [];
    const all = await this.#queues.list(AbortSignal.timeout(PATIENCE));
    return all
      .filter(({ holders }) => holders.some(({ holder }) => holder === id))
      .map(({ name }) => name);
  }
}

/** A lock of ours has a name without `/`. */
export function lockName(key: string): string {
  return key.replaceAll('%', '%25').replaceAll('/', '%2F');
}

/** Ids of sessions are UUIDs, and nothing else. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

function ttlOf(text: string): number {
  const match = /^(\d{1,8})(ms|s|m|h)$/.exec(text);
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  const ttl = match === null ? 0 : Number(match[1]) * units[match[2]!]!;
  if (ttl < SHORTEST_TTL || ttl > LONGEST_TTL)
    throw new ConsulFault(400, `Invalid Session TTL "${text}": from 10s to 86400s`);
  return ttl;
}

function viewOf(id: string, { data = '', fencing }: MemberView): SessionView {
  const stored = storedSchema.safeParse(parsed(Buffer.from(data)));
  const { Name, TTL, Behavior } = stored.data ?? { Name: '', TTL: '', Behavior: 'release' };
  const index = Math.max(1, Number.parseInt(fencing, 10) || 1);
  return {
    ...{ ID: id, Name, TTL, Behavior, Node: 'meshkeeper', LockDelay: 0, Checks: [] },
    ...{ CreateIndex: index, ModifyIndex: index },
  };
}

/** Fields as Consul spells them: it tells no cases apart. */
function spelled(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const names = new Map(Object.keys(bodySchema.shape).map((name) => [name.toLowerCase(), name]));
  const fields = Object.entries(body).map(([key, value]) => [
    names.get(key.toLowerCase()) ?? key,
    value,
  ]);
  return Object.fromEntries(fields);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
