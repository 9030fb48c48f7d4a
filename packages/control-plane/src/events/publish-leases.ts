import { type KeptLeases, queueName } from '@meshkeeper/recipes';
import type { EventBus } from './event-bus.ts';

/** Who stands where: what of a lease is told when it is another. */
interface Told {
  readonly kind: string;
  readonly name: string;
  readonly holder: string;
  readonly state: string;
}

/** Leases are looked through at most so often, in milliseconds: each is kept alive again and again. */
const GATHERED = 50;

/**
 * Tells who holds, waits for and gives up locks, elections and registrations by lease, and nothing of
 * keep-alives; until it is disposed.
 */
export function publishLeases(
  events: EventBus,
  { follower }: Pick<KeptLeases, 'follower'>,
): Disposable {
  let before: Map<string, Told> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    timer = undefined;
    const now = new Map<string, Told>();
    for (const { id, record } of follower.leases) {
      const { kind, subject, holder, state } = record;
      const name = kind === 'lock' || kind === 'election' ? queueName(kind, subject) : subject;
      now.set(id, { kind, name, holder, state });
    }
    // What is read first has not changed.
    const known = before ?? now;
    before = now;
    for (const [id, told] of now)
      if (known.get(id)?.state !== told.state) events.publish('locks', { ...told });
    for (const [id, { kind, name, holder }] of known)
      if (!now.has(id)) events.publish('locks', { kind, name, holder, state: 'ended' });
  };
  const stop = follower.onChange(() => {
    timer ??= setTimeout(look, GATHERED).unref();
  });
  return {
    [Symbol.dispose]() {
      stop();
      clearTimeout(timer);
    },
  };
}
