import type { OperationName, RequestOf } from '@meshkeeper/jute';
import { RawClient, type Reply } from '../raw-client.ts';
import { requestOf, type Step } from './step.ts';

const SESSIONS = 3;
const UNORDERED = new Set(['children', 'ephemerals', 'clientInfo']);
const ZXIDS = new Set(['czxid', 'mzxid', 'pzxid', 'zxid']);
const TIMES = new Set(['ctime', 'mtime']);
/**
 * Requests that are answered before the next one is sent. The original answers auth before requests
 * that came earlier, checks what comes while a setACL is under way against the ACL from before it,
 * and close ends the connection.
 */
const ALONE: ReadonlySet<Step['op']> = new Set(['auth', 'setACL', 'closeSession']);

/** What one server answers to a sequence, in a form that is equal for servers that behave alike. */
export async function transcript(port: number, root: string, steps: readonly Step[]) {
  const clients = await Promise.all(
    Array.from({ length: SESSIONS }, () => RawClient.connect(port, { timeout: 30_000 })),
  );
  const everybody = [...clients];
  // Names with a sequence number may end up beside the root: that place is the sequence's own, too.
  const home = root.slice(0, root.lastIndexOf('/'));
  await clients[0]!.create(home);
  await clients[0]!.create(root);
  const answers: unknown[] = [];
  for (let at = 0; at < steps.length; ) {
    const { session } = steps[at]!;
    let end = at + 1;
    while (end < steps.length && steps[end]!.session === session && joins(steps, end)) end++;
    const sent = steps.slice(at, end).map((step) => send(clients[session]!, step, root));
    for (const { op, ...reply } of await Promise.all(sent)) {
      const { err, response } = reply;
      answers.push({ op, err, response });
    }
    if (steps[end - 1]!.op === 'closeSession') {
      clients[session] = await RawClient.connect(port, { timeout: 30_000 });
      everybody.push(clients[session]!);
    }
    at = end;
  }
  // Whatever is on its way to a session comes before the reply to this.
  await Promise.all(clients.map((client) => client.send('sync', { path: '/' })));
  const events = everybody.map(({ events }) => [...events]);
  const order = everybody.map(({ order }) => [...order]);
  const tree = await dump(clients[0]!, home);
  await Promise.all(clients.map((client) => client.close()));
  const sessions = everybody.map(({ session }) => session.sessionId);
  const closes = steps.some(({ op }) => op === 'closeSession');
  return normalise(
    { answers, events: closes ? events.map(sorted) : events, order: closes ? [] : order, tree },
    root,
    sessions,
  );
}

/** Whether a step may be sent before the one before it is answered. */
function joins(steps: readonly Step[], at: number): boolean {
  return steps[at]!.op !== 'auth' && !ALONE.has(steps[at - 1]!.op);
}

async function send(client: RawClient, step: Step, root: string) {
  const { op, request } = requestOf(step, root);
  // The step pairs each operation with its own request.
  const reply: Reply<OperationName> = await client.send(
    op as OperationName,
    request as RequestOf<OperationName>,
  );
  return { op, ...reply };
}

/** A session's ephemerals go in no particular order. */
function sorted(events: readonly { path: string; type: number; zxid: bigint }[]) {
  const key = (event: { path: string; type: number; zxid: bigint }) =>
    `${event.zxid.toString().padStart(20, '0')} ${event.path} ${event.type}`;
  return [...events].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

async function dump(client: RawClient, path: string): Promise<unknown> {
  const [data, children, acl] = await Promise.all([
    client.send('getData', { path, watch: false }),
    client.send('getChildren2', { path, watch: false }),
    client.send('getACL', { path }),
  ]);
  const names = [...(children.response?.children ?? [])].sort();
  const below = await Promise.all(names.map((name) => dump(client, `${path}/${name}`)));
  const brief = ({ err, response }: Reply<OperationName>) => ({ err, response });
  return { path, data: brief(data), children: brief(children), acl: brief(acl), below };
}

/** Zxids by their rank, sessions by their number, times left out, roots cut off. */
function normalise(value: unknown, root: string, sessions: readonly bigint[]): unknown {
  const zxids = new Set<bigint>();
  const collect = (part: unknown, key = ''): void => {
    if (typeof part === 'bigint' && ZXIDS.has(key)) zxids.add(part);
    else if (part !== null && typeof part === 'object' && !Buffer.isBuffer(part))
      for (const [name, inner] of Object.entries(part)) collect(inner, name);
  };
  collect(value);
  const ranks = new Map(
    [...zxids].sort((a, b) => (a < b ? -1 : 1)).map((zxid, rank) => [zxid, rank]),
  );
  const walk = (part: unknown, key = ''): unknown => {
    if (typeof part === 'bigint') {
      if (ZXIDS.has(key)) return part === -1n ? 'none' : `zxid ${ranks.get(part)}`;
      const owner = sessions.indexOf(part);
      return owner === -1 ? String(part) : `session ${owner}`;
    }
    if (typeof part === 'string') return part.replaceAll(root, '~');
    if (TIMES.has(key)) return 'time';
    if (Buffer.isBuffer(part)) return `bytes ${part.toString()}`;
    if (Array.isArray(part)) {
      const inner = part.map((element) => walk(element));
      if (!UNORDERED.has(key)) return inner;
      return inner.map((element) => JSON.stringify(element)).sort();
    }
    if (part === null || typeof part !== 'object') return part;
    return Object.fromEntries(
      Object.entries(part).map(([name, inner]) => [name, walk(inner, name)]),
    );
  };
  return walk(value);
}
