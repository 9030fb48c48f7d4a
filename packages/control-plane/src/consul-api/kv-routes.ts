import type { FastifyInstance } from 'fastify';
import { ConsulFault } from './consul-fault.ts';
import type { KvEntry, KvIndex } from './kv-index.ts';
import { blocking, type ConsulRequest, consulRoute, isSet } from './route.ts';
import { isId, type Sessions } from './sessions.ts';

const PATH = '/v1/kv/*';

/** What is published, and locks, as Consul's keys. */
export function kvRoutes(app: FastifyInstance, kv: KvIndex, sessions: Sessions): void {
  consulRoute(app, {
    method: 'GET',
    path: PATH,
    role: 'viewer',
    async handle(request, reply) {
      if (!kv.known)
        throw new ConsulFault(500, 'No cluster leader: configuration was not read yet');
      const key = request.params['*'] ?? '';
      const { query, signal } = request;
      const several = isSet(query.recurse) || isSet(query.keys);
      const mayBeLock = !several && key !== '';
      const stop = new AbortController();
      if (mayBeLock && query.index !== undefined && !kv.entries.has(key))
        followLock(kv, sessions, key, AbortSignal.any([signal, stop.signal]));
      await blocking(request, reply, kv.waiting, () => kv.index).finally(() => stop.abort());
      const found = [...kv.entries].filter(([each]) =>
        several ? each.startsWith(key) : each === key,
      );
      if (isSet(query.keys) && found.length > 0)
        return keysOf(
          found.map(([each]) => each),
          key,
          query.separator,
        );
      const views = found.map(([each, entry]) => entryView(each, entry));
      const lock = views.length === 0 && mayBeLock ? await lockView(kv, sessions, key) : undefined;
      if (lock !== undefined) views.push(lock);
      const [first] = views;
      if (first === undefined) return reply.code(404).send('');
      if (!isSet(query.raw)) return views;
      return reply.type('application/octet-stream').send(Buffer.from(first.Value, 'base64'));
    },
  });
  consulRoute(app, {
    method: 'PUT',
    path: PATH,
    role: 'operator',
    async handle({ params, query, body }) {
      const key = keyOf(params);
      const { acquire, release } = query;
      if (acquire === undefined && release === undefined) throw readOnly();
      if (kv.entries.has(key))
        throw new ConsulFault(400, `"${key}" is configuration: lock another key`);
      const done =
        acquire !== undefined
          ? await sessions.acquire(key, acquire, body)
          : await sessions.release(key, release ?? '');
      if (done) kv.touch();
      return done;
    },
  });
  consulRoute(app, {
    method: 'DELETE',
    path: PATH,
    role: 'operator',
    handle() {
      throw readOnly();
    },
  });
}

function readOnly(): ConsulFault {
  return new ConsulFault(
    405,
    'keys are only locked here (?acquire, ?release): configuration is published with "meshkeeper config"',
  );
}

function keyOf(params: ConsulRequest['params']): string {
  const key = params['*'] ?? '';
  if (key === '') throw new ConsulFault(400, 'Missing key name');
  return key;
}

/** A lock is not of what is published: who waits for its key is told when it has another holder. */
function followLock(kv: KvIndex, sessions: Sessions, key: string, signal: AbortSignal): void {
  const follow = async () => {
    let first = true;
    for await (const _ of sessions.watch(key, signal)) {
      if (!first) kv.touch();
      first = false;
    }
  };
  // Who waits is answered when the time is over.
  follow().catch(() => {});
}

/** The keys; with a separator only to the next one of those, each once. */
function keysOf(keys: readonly string[], prefix: string, separator = ''): readonly string[] {
  if (separator === '') return keys;
  const short = keys.map((key) => {
    const at = key.indexOf(separator, prefix.length);
    return at === -1 ? key : key.slice(0, at + separator.length);
  });
  return [...new Set(short)];
}

function entryView(key: string, { value, created, modified }: KvEntry) {
  return {
    ...{ LockIndex: 0, Key: key, Flags: 0, Value: Buffer.from(value).toString('base64') },
    ...{ CreateIndex: created, ModifyIndex: modified },
  };
}

/** `Fencing` is no field of Consul's, where nothing fences. */
async function lockView(kv: KvIndex, sessions: Sessions, key: string) {
  const holder = await sessions.holder(key);
  if (holder === undefined) return undefined;
  const { data = '', fencing } = holder;
  return {
    ...entryView(key, { value: data, created: kv.index, modified: kv.index }),
    LockIndex: 1,
    ...(isId(holder.holder) && { Session: holder.holder }),
    Fencing: fencing,
  };
}
