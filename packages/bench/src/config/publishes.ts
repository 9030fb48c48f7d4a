import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { now } from '../propagation/now.ts';

/** How long publishes took to come to all watchers, in milliseconds from the answer to the publish. */
export interface Propagation {
  /** For each watcher and publish. */
  readonly arrivals: readonly number[];
  /** For each publish: from the request to its last watcher. */
  readonly whole: readonly number[];
}

/** Publishes through one replica what others watch through another. */
export async function publishes(
  replicas: readonly string[],
  { watchers, count }: { readonly watchers: number; readonly count: number },
  signal: AbortSignal,
): Promise<Propagation> {
  const [watched, written] = [replicas[0]!, replicas.at(-1)!];
  const child = fork(join(import.meta.dirname, 'watchers.ts'), [watched, String(watchers)], {
    execArgv: ['--conditions=source'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    signal,
  });
  child.on('error', () => {
    // An abort; the exit that follows is what is waited for.
  });
  try {
    await once(createInterface({ input: child.stdout! }), 'line', { signal });
    const arrivals: number[] = [];
    const whole: number[] = [];
    for (let i = 0; i < count; i++) {
      await ask(written, 'PATCH', '/config/shop/prod/draft', { set: { counter: `${i}` } }, signal);
      const told = once(child, 'message', { signal });
      const asked = now();
      await ask(written, 'POST', '/config/shop/prod/publish', {}, signal);
      const answered = now();
      const [times] = (await told) as [number[]];
      for (const time of times) arrivals.push(Math.max(0, time - answered));
      whole.push(Math.max(...times) - asked);
    }
    return { arrivals, whole };
  } finally {
    child.kill();
  }
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
