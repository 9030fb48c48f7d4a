import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { AuthorityKeys } from './authority-keys.ts';
import type { Paths } from './store/paths.ts';
import type { Revocations } from './store/revocations.ts';
import type { Trust } from './store/trust.ts';
import { signRevocationList } from './x509/revocation-list.ts';
import { validityFrom } from './x509/validity.ts';

/** What lists are made of. */
export interface RevocationListsOptions {
  readonly zk: ZooKeeper;
  readonly paths: Paths;
  readonly keys: AuthorityKeys;
  readonly revocations: Revocations;
  /** How long a list is good, in milliseconds. */
  readonly lifetime: number;
}

interface Signed {
  /** Of what it was made. */
  readonly of: string;
  /** Until when it is given out, in milliseconds since the epoch. */
  readonly until: number;
  readonly pem: string;
}

/** The lists of what was revoked: signed when they are asked for, and kept for half of their time. */
export class RevocationLists {
  readonly #options: RevocationListsOptions;
  #last: Signed | undefined;

  constructor(options: RevocationListsOptions) {
    this.#options = options;
  }

  /** One of each authority, as PEM. */
  async sign(trust: Trust, now: number, signal: AbortSignal): Promise<string> {
    const { keys, revocations, lifetime } = this.#options;
    const changes: string[] = [];
    for (const { id } of trust.authorities)
      changes.push(`${id} ${await revocations.change(id, signal)}`);
    const of = changes.join();
    if (this.#last?.of === of && now < this.#last.until) return this.#last.pem;
    const number = await this.#nextNumber(signal);
    const { notBefore, notAfter } = validityFrom(now, lifetime);
    const lists: string[] = [];
    for (const authority of trust.authorities) {
      const signer = await keys.signer(trust, authority, signal);
      const entries = await revocations.list(authority.id, signal);
      lists.push(
        await signRevocationList(signer, {
          ...{ entries, number, thisUpdate: notBefore, nextUpdate: notAfter },
        }),
      );
    }
    this.#last = { of, until: now + lifetime / 2, pem: lists.join('') };
    return this.#last.pem;
  }

  /** No two lists of all replicas have one number: each is the version of a znode. */
  async #nextNumber(signal: AbortSignal): Promise<number> {
    const { zk, paths } = this.#options;
    try {
      return (await zk.set(paths.listNumber, '', { signal })).version;
    } catch (error) {
      if (!isZooKeeperError(error, 'NO_NODE')) throw error;
    }
    try {
      await zk.create(paths.listNumber, '', { parents: true, signal });
    } catch (error) {
      if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error; // another replica was first
    }
    return (await zk.set(paths.listNumber, '', { signal })).version;
  }
}
