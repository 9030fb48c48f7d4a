import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { cpuSeconds } from '../process/cpu-time.ts';
import { now } from '../propagation/now.ts';
import type { Arrived, Lacking } from './arrivals.ts';
import { within } from './within.ts';

/** Who has what is published. */
export interface Audience {
  /** A program beside this one. */
  readonly script: string;
  readonly clients: number;
  /** That they are spread over. */
  readonly processes: number;
}

/** How long publishes took to come to all clients, in milliseconds. */
export interface Propagation {
  /** For each client and publish: from the answer to the publish. */
  readonly fromAnswer: readonly number[];
  /** For each client and publish: from when it was asked for. */
  readonly fromRequest: readonly number[];
  /** CPU of the replica for a client and a publish, in microseconds. */
  readonly replica: number;
  /** CPU of the clients' processes for the same. */
  readonly client: number;
}

/** Who waits has asked again by then, in milliseconds. */
const PAUSE = 300;
/** What has not come by then does not come any more, in milliseconds: on a busy machine it takes long. */
const PATIENCE = 60_000;

/** A publish, in two steps. */
export interface Publisher {
  prepare(value: number): Promise<void>;
  publish(): Promise<void>;
}

/** Publishes through a replica. */
export function through(api: string, signal: AbortSignal): Publisher {
  const path = '/config/shop/prod';
  return {
    prepare: (value) =>
      ask(api, 'PATCH', `${path}/draft`, { set: { counter: `${value}` } }, signal),
    publish: () => ask(api, 'POST', `${path}/publish`, {}, signal),
  };
}

/** The first publishes are not measured: what runs for the first time is compiled. */
export const WARM_UP = 5;

/** Publishes what others have of a replica. @param values the first comes before anybody is there */
export async function publishes(
  { prepare, publish: send }: Publisher,
  watched: { readonly pid: number; readonly said: string },
  { script, clients, processes }: Audience,
  values: readonly number[],
  signal: AbortSignal,
): Promise<Propagation> {
  await using stack = new AsyncDisposableStack();
  const each = clients / processes;
  const publish = async (value: number) => {
    await prepare(value);
    await setTimeout(PAUSE, undefined, { signal });
    const asked = now();
    await within(PATIENCE, `the answer to publish ${value}`, send());
    return { asked, answered: now() };
  };
  const [first = 0, ...others] = values;
  await publish(first);
  const children = Array.from({ length: processes }, (_, i) => {
    const child = fork(
      join(import.meta.dirname, script),
      [watched.said, `${each}`, `${i * each}`],
      { execArgv: ['--conditions=source'], signal },
    );
    child.on('error', () => {
      // An abort; the exit that follows is what is waited for.
    });
    stack.defer(() => void child.kill());
    return child;
  });
  const listeners = children.map(listen);
  const all = (value: number) => Promise.all(listeners.map((had) => had(value, PATIENCE)));
  await all(first);
  const [fromAnswer, fromRequest]: [number[], number[]] = [[], []];
  const pids = children.map(({ pid = 0 }) => pid);
  const spent = () => [cpuSeconds(watched.pid), pids.map(cpuSeconds).reduce((a, b) => a + b)];
  let [replicaBefore = 0, clientBefore = 0] = spent();
  for (const [i, value] of others.entries()) {
    const arrived = all(value);
    const { asked, answered } = await publish(value);
    const times = (await arrived).flat();
    if (i < WARM_UP) {
      await setTimeout(PAUSE, undefined, { signal });
      [replicaBefore = 0, clientBefore = 0] = spent();
      continue;
    }
    for (const time of times) {
      fromAnswer.push(Math.max(0, time - answered));
      fromRequest.push(time - asked);
    }
  }
  await setTimeout(PAUSE, undefined, { signal });
  const [replica = 0, client = 0] = spent();
  const share = (seconds: number) => (seconds * 1e6) / (clients * (others.length - WARM_UP));
  return {
    ...{ fromAnswer, fromRequest },
    replica: share(replica - replicaBefore),
    client: share(client - clientBefore),
  };
}

/** Asks a program when each of its clients had a value; each value is asked for once. */
type Had = (value: number, patience: number) => Promise<readonly number[]>;

/** Listens to a program from now on: of two that it says at once, none is missed. */
export function listen(child: ChildProcess): Had {
  const values = new Map<number, PromiseWithResolvers<readonly number[]>>();
  const of = (value: number) => {
    const known = values.get(value) ?? Promise.withResolvers<readonly number[]>();
    values.set(value, known);
    return known;
  };
  let ended: Error | undefined;
  // The program's own protocol.
  child.on('message', (said: Arrived | Lacking) => {
    if ('times' in said) of(said.value).resolve(said.times);
    else of(said.value).reject(new Error(lack(said)));
  });
  child.once('exit', (code, signal) => {
    ended = new Error(`a program of clients has ended with ${code ?? signal}`);
    for (const { promise, reject } of values.values()) {
      promise.catch(() => {}); // of one that nobody waits for
      reject(ended);
    }
  });
  return async (value, patience) => {
    if (ended !== undefined) throw ended;
    const { promise } = of(value);
    const late = globalThis.setTimeout(() => child.send({ lacks: value }), patience);
    try {
      return await within(patience + ANSWER, `clients to have the value ${value}`, promise);
    } finally {
      clearTimeout(late);
    }
  };
}

/** The program itself may not answer any more: so long it has to, in milliseconds. */
const ANSWER = 10_000;
/** Clients that are named. */
const NAMED = 10;

function lack({ value, clients }: Lacking): string {
  const named = clients.slice(0, NAMED).join(', ');
  return `${clients.length} clients have not had the value ${value}: ${named}`;
}

/** Asks the API. @throws what it refuses */
export async function ask(
  api: string,
  method: string,
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(`${api}/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'if-match': '*' },
    body: JSON.stringify(body),
    signal,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
}
