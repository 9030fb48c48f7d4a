import { setTimeout as pause } from 'node:timers/promises';
import { assignPartitions, type Kept, type KeptLeases } from '@meshkeeper/recipes';
import type { Logger } from '@meshkeeper/zookeeper';
import type { Members } from '../members/members.ts';
import { afterCheck, type Check, type Found } from './check.ts';
import { probe } from './probe.ts';
import { checkedOf, REGISTRATION, type Registrations } from './registrations.ts';

/** What checks are run with. */
export interface ChecksOptions {
  readonly leases: KeptLeases;
  readonly registrations: Registrations;
  readonly members: Pick<Members, 'id' | 'list' | 'onChange'>;
  readonly logger: Logger;
}

/** Milliseconds in which what changes is looked at once. */
const GATHERED = 100;
/** How long ZooKeeper may take for what was found, in milliseconds. */
const PATIENCE = 5_000;

/** A check that runs here. */
interface Run {
  /** What it was begun with, as text. */
  readonly what: string;
  readonly stop: AbortController;
}

/**
 * Checks the registered instances that ask for it. The replicas share them out by consistent hashing:
 * each is checked by one, and by another when that is gone. What is found is said in the instance's own
 * znode, so that all replicas, and all who read the registry, have the same.
 */
export class Checks implements Disposable {
  readonly #options: ChecksOptions;
  readonly #running = new Map<string, Run>();
  readonly #unlisten: readonly (() => void)[];
  #timer: NodeJS.Timeout | undefined;

  /** Begins at once. */
  constructor(options: ChecksOptions) {
    this.#options = options;
    const look = () => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#look();
      }, GATHERED);
    };
    this.#unlisten = [options.leases.follower.onChange(look), options.members.onChange(look)];
    look();
  }

  [Symbol.dispose](): void {
    for (const stop of this.#unlisten) stop();
    clearTimeout(this.#timer);
    for (const { stop } of this.#running.values()) stop.abort();
    this.#running.clear();
  }

  /** Begins what is this replica's to check, and ends what is not any more. */
  #look(): void {
    const { leases, members } = this.#options;
    const checked = new Map<string, Kept>();
    for (const kept of leases.follower.leases)
      if (kept.record.kind === REGISTRATION && checkedOf(kept) !== undefined)
        checked.set(kept.id, kept);
    const replicas = [members.id, ...members.list.map(({ id }) => id)];
    const owners = assignPartitions([...checked.keys()], replicas);
    for (const [id, { stop }] of this.#running)
      if (owners.get(id) !== members.id) {
        stop.abort();
        this.#running.delete(id);
      }
    for (const [id, kept] of checked) {
      if (owners.get(id) !== members.id) continue;
      const { check, address, port, fit } = checkedOf(kept)!;
      const what = JSON.stringify([check, address, port]);
      const running = this.#running.get(id);
      if (running?.what === what) continue;
      running?.stop.abort();
      const run = { what, stop: new AbortController() };
      this.#running.set(id, run);
      void this.#run(id, { address, port }, check, { fit, against: 0 }, run.stop.signal);
    }
  }

  async #run(
    id: string,
    at: { readonly address: string; readonly port: number },
    check: Check,
    begin: Found,
    stop: AbortSignal,
  ): Promise<void> {
    const { registrations, logger } = this.#options;
    // Not all at once, after a start or when a replica has gone.
    await pause(Math.random() * check.interval, undefined, { signal: stop }).catch(() => {});
    for (let found = begin; !stop.aborted; ) {
      const next = afterCheck(found, await probe(at, check, stop), check);
      if (stop.aborted) return;
      try {
        if (next.fit !== found.fit) {
          await registrations.found(id, next.fit, AbortSignal.timeout(PATIENCE));
          logger.info({ ...at, fit: next.fit }, 'what checks say of an instance has changed');
        }
        found = next;
      } catch (err) {
        // Found again by the next check.
        logger.warn({ err, ...at }, 'what a check has found can not be written');
      }
      await pause(check.interval, undefined, { signal: stop }).catch(() => {});
    }
  }
}
