import { setTimeout as pause } from 'node:timers/promises';
import type { Resolved } from '../resolved.ts';
import type { ConfigRequest, ConfigSource, SourceUpdate } from '../source.ts';
import { type Answer, ask } from './ask.ts';
import { Backoff } from './backoff.ts';

/** Where the API is asked, and how. */
export interface HttpSourceOptions {
  /** Base URLs: `http://127.0.0.1:7070`. One is asked; the next when it is away. */
  readonly servers: readonly string[];
  readonly token?: string | undefined;
  /** Milliseconds that a control plane may wait for a change before it says that there is none. Default 30,000. */
  readonly wait?: number;
}

const WAIT = 30_000;
/** Milliseconds until it is asked again when ZooKeeper was away from who answered. */
const STALE = 2_000;
/** Milliseconds that a replica may be behind what was seen before; then what it says counts. */
const BEHIND = 30_000;

/**
 * The HTTP API as a source: asks `resolve`, and waits there for a change. A control plane that goes away
 * is left for the next one at once; when all are away, it is tried again ever more slowly.
 */
export class HttpSource implements ConfigSource {
  readonly #options: HttpSourceOptions;

  constructor(options: HttpSourceOptions) {
    this.#options = options;
  }

  async *follow(
    request: ConfigRequest,
    signal: AbortSignal,
  ): AsyncGenerator<SourceUpdate, void, void> {
    const { servers, token, wait = WAIT } = this.#options;
    const backoff = new Backoff();
    // Not all of a fleet at the first.
    let at = Math.floor(Math.random() * servers.length);
    let failed = 0;
    let held: Resolved | undefined;
    let etag: string | undefined;
    let behindSince: number | undefined;
    while (!signal.aborted) {
      const server = servers[at % servers.length] ?? '';
      const asking = { server, token, request, known: etag, wait: jittered(wait), signal };
      const answer = await ask(asking);
      if (signal.aborted) return;
      if (answer.type === 'resolved' || answer.type === 'same') {
        failed = 0;
        backoff.reset();
      }
      let delay = 0;
      switch (answer.type) {
        case 'same':
          if (held !== undefined && answer.stale) {
            held = { ...held, stale: true };
            etag = undefined;
            yield { type: 'resolved', resolved: held };
            delay = STALE;
          }
          break;
        case 'resolved': {
          const { resolved } = answer;
          if (isBehind(resolved, held)) {
            behindSince ??= performance.now();
            if (performance.now() - behindSince < BEHIND) {
              // Another replica may have what was seen already.
              at++;
              delay = backoff.next();
              break;
            }
          }
          behindSince = undefined;
          held = resolved;
          // Of what may be old it is not waited for another: it may become what holds as it is.
          etag = resolved.stale ? undefined : answer.etag;
          yield { type: 'resolved', resolved };
          if (resolved.stale) delay = STALE;
          break;
        }
        case 'away':
          at++;
          failed++;
          delay = answer.retryAfter ?? 0;
          if (failed % servers.length === 0) {
            etag = undefined; // who comes back says again that it is what holds
            yield { type: 'away', reason: reasonOf(answer, servers) };
            delay = Math.max(delay, backoff.next());
          } else delay = 0; // another one has not pushed back
          break;
        case 'refused':
          etag = undefined;
          yield { type: 'refused', error: answer.error };
          delay = backoff.next();
          break;
      }
      if (delay > 0) await pause(delay, undefined, { signal }).catch(() => {});
    }
  }
}

/** An answer that says less than what is known already. */
function isBehind(answer: Resolved, held: Resolved | undefined): boolean {
  return (
    held !== undefined &&
    answer.digest !== held.digest &&
    BigInt(answer.revision) < BigInt(held.revision)
  );
}

function reasonOf(answer: Answer & { readonly type: 'away' }, servers: readonly string[]): string {
  return servers.length === 1
    ? answer.reason
    : `none of ${servers.length} control planes answers: ${answer.reason}`;
}

/** A fleet that has begun together doesn't ask together for ever. */
function jittered(milliseconds: number): number {
  return Math.round(milliseconds * (0.8 + 0.2 * Math.random()));
}
