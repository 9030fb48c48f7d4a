/**
 * A destination of your own, as `destinations:` in meshkeeper.yaml configures it: what changes is posted
 * to a URL, in order, signed, and tried again until it is taken.
 *
 *   { "mesh": "3f…", "destination": "audit", "revision": 42, "complete": false,
 *     "services": [{ "name": "orders", "endpoints": […] }, { "name": "gone", "endpoints": null }] }
 *
 * The first post of a writer is complete: a service that is not in it is not there. The signature is
 * HMAC-SHA256 over the body, hexadecimal, in `x-meshkeeper-signature: sha256=…`.
 */
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type {
  DataPlane,
  DataPlaneState,
  DestinationContext,
  DestinationPlugin,
  Service,
  ServiceChange,
  Snapshot,
} from '@meshkeeper/mesh';
import { z } from 'zod';

/** Before another try, in milliseconds: at first, and at most. */
const FIRST = 200;
const LONGEST = 30_000;

const settings = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  secret: z
    .union([
      z.strictObject({ file: z.string().min(1) }),
      z.strictObject({ env: z.string().min(1) }),
    ])
    .describe('Where the secret is, never itself.'),
  timeout: z.int().min(1).default(10_000).describe('Milliseconds that an answer may take.'),
});
type Settings = z.output<typeof settings>;

const webhook: DestinationPlugin<Settings> = {
  kind: 'destination',
  name: 'webhook',
  schema: settings,
  async open(stated, context) {
    const secret = await secretOf(stated.secret, context);
    return new Webhook(stated, secret, context);
  },
};

export default webhook;

async function secretOf(
  where: Settings['secret'],
  { resolve }: DestinationContext,
): Promise<string> {
  const secret =
    'file' in where ? await readFile(resolve(where.file), 'utf8') : (process.env[where.env] ?? '');
  if (secret.trim() === '') throw new Error(`there is no secret in ${Object.values(where).join()}`);
  return secret.trim();
}

class Webhook implements DataPlane {
  readonly name: string;
  readonly problems = new Map<string, string>();
  readonly #settings: Settings;
  readonly #secret: string;
  readonly #context: DestinationContext;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #snapshot: Snapshot | undefined;
  /** Services of which the receiver has something else. */
  readonly #dirty = new Set<string>();
  #state: DataPlaneState = { type: 'starting' };
  #wake = () => {};

  constructor(stated: Settings, secret: string, context: DestinationContext) {
    this.name = context.name;
    this.#settings = stated;
    this.#secret = secret;
    this.#context = context;
    this.#running = this.#stand();
  }

  get state(): DataPlaneState {
    return this.#state;
  }

  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void {
    this.#snapshot = snapshot;
    for (const { name } of changes) this.#dirty.add(name);
    this.#wake();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Posts while this replica leads. */
  async #stand(): Promise<void> {
    const { signal } = this.#stop;
    const { leader, logger } = this.#context;
    try {
      for await (const term of leader.changes(signal))
        if (term !== undefined) await this.#write(AbortSignal.any([signal, term]));
    } catch (err) {
      if (signal.aborted) return;
      logger.warn({ err }, 'this replica does not post any more');
      this.#fail('it can not stand for leader', 0);
    }
  }

  async #write(term: AbortSignal): Promise<void> {
    term.addEventListener('abort', () => this.#wake(), { once: true });
    // What the receiver has is not known: it is told everything.
    let complete = true;
    for (let failed = 0; !term.aborted; ) {
      const snapshot = this.#snapshot;
      if (snapshot === undefined || (!complete && this.#dirty.size === 0)) {
        if (snapshot !== undefined) this.#state = { type: 'applied', revision: snapshot.revision };
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const names = [...this.#dirty];
      this.#dirty.clear();
      if (failed === 0) this.#state = { type: 'applying', revision: snapshot.revision };
      const why = await this.#post(
        bodyOf(this.#context, snapshot, complete ? undefined : names),
        term,
      );
      if (why === undefined) {
        complete = false;
        failed = 0;
        continue;
      }
      // With what has come meanwhile, it is tried again: the newest is all that counts.
      for (const name of names) this.#dirty.add(name);
      this.#fail(why, failed);
      const wait = Math.min(LONGEST, FIRST * 2 ** failed++) * (0.5 + Math.random() / 2);
      await setTimeout(wait, undefined, { signal: term }).catch(() => {});
    }
  }

  /** Why it wasn't taken; undefined when it was. */
  async #post(body: string, term: AbortSignal): Promise<string | undefined> {
    const { url, timeout } = this.#settings;
    const signature = createHmac('sha256', this.#secret).update(body).digest('hex');
    const headers = {
      'content-type': 'application/json',
      'x-meshkeeper-signature': `sha256=${signature}`,
    };
    const signal = AbortSignal.any([term, AbortSignal.timeout(timeout)]);
    try {
      const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
      await answer.body?.cancel();
      return answer.ok ? undefined : `${url} answers ${answer.status}`;
    } catch (error) {
      return `${url} can't be reached: ${error instanceof Error ? error.message : error}`;
    }
  }

  #fail(message: string, failed: number): void {
    const since =
      this.#state.type === 'failing' && failed > 0 ? this.#state.since : this.#context.now();
    this.#state = { type: 'failing', since, message };
  }
}

/** What is posted: everything, or what these services are now. */
function bodyOf(
  { mesh, name: destination }: DestinationContext,
  { revision, services }: Snapshot,
  names: readonly string[] | undefined,
): string {
  const told =
    names?.map((name) => viewOf(name, services.get(name))) ??
    Array.from(services, (service) => viewOf(service.name, service));
  return JSON.stringify({
    mesh,
    destination,
    revision,
    complete: names === undefined,
    services: told,
  });
}

function viewOf(name: string, service: Service | undefined) {
  if (service === undefined) return { name, endpoints: null };
  const endpoints = service.endpoints.map(({ origin: { registry }, warmup: _, ...endpoint }) => ({
    ...endpoint,
    registry,
  }));
  return { name, protocol: service.protocol, endpoints };
}
