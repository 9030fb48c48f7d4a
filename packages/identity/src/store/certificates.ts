import { isZooKeeperError, joinPath, persistently, type ZooKeeper } from '@meshkeeper/zookeeper';
import { IdentityError } from '../identity-error.ts';
import { hourAt, hourOf } from '../x509/serial.ts';
import { type Certificate, type CertificateRecord, parseRecord } from './certificate-record.ts';
import { absent, childrenOf, deleteEmpty, ensure } from './nodes.ts';
import type { Paths } from './paths.ts';
import type { Trust } from './trust.ts';

/** Certificates that may expire within the same hour: what a list of them has to hold. */
export const MOST_IN_AN_HOUR = 5_000;
/** Records that are read in one request. */
const AT_ONCE = 200;

/** Which certificates, by the order of their serials: those that expire first are first. */
export interface CertificatePageOptions {
  readonly service?: string | undefined;
  /** Only those that come after this serial. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** What was issued: a znode a certificate, in a folder for the hour that it is kept until. */
export class Certificates {
  readonly #zk: ZooKeeper;
  readonly #paths: Paths;

  constructor(zk: ZooKeeper, paths: Paths) {
    this.#zk = zk;
    this.#paths = paths;
  }

  /**
   * Records a certificate, if the authorities still are what it was signed under.
   * @throws IdentityError STALE when they are not, FULL
   */
  async add(
    serial: string,
    record: CertificateRecord,
    { version, authorities: [{ id: authority }] }: Trust,
    signal: AbortSignal,
  ): Promise<Certificate> {
    const folder = this.#paths.issued(authority, wholeHour(serial));
    await ensure(this.#zk, folder, signal);
    const stat = await this.#zk.exists(folder, { signal });
    if ((stat?.numChildren ?? 0) >= MOST_IN_AN_HOUR)
      throw new IdentityError(
        'FULL',
        `${MOST_IN_AN_HOUR} certificates expire within the same hour: ask again with another ttl`,
      );
    const operations = [
      { op: 'check', path: this.#paths.trust, version },
      { op: 'create', path: joinPath(folder, serial), data: JSON.stringify(record) },
    ] as const;
    try {
      await persistently(this.#zk, () => this.#zk.multi(operations, { signal }), signal);
    } catch (error) {
      if (isZooKeeperError(error, 'BAD_VERSION'))
        throw new IdentityError('STALE', 'the authorities were changed meanwhile');
      // Nobody else has this number: it is ours, and the answer of the first try was lost.
      if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
    }
    return { ...record, serial, authority, version: 0 };
  }

  /** Undefined when there is none of that serial, or it has expired and was removed. */
  async find(serial: string, signal: AbortSignal): Promise<Certificate | undefined> {
    const hour = hourOf(serial);
    if (hour === undefined) return undefined;
    const authorities = await this.#authorities(signal);
    const paths = authorities.map((id) => this.#paths.certificate(id, hour, serial));
    const [found] = await this.#read(paths, signal);
    return found;
  }

  /** Those there are, in the order of their serials. */
  async list(
    { service, after, limit }: CertificatePageOptions,
    signal: AbortSignal,
  ): Promise<readonly Certificate[]> {
    const from = after === undefined ? 0 : (hourOf(after) ?? 0);
    const folders = (await this.#folders(signal)).filter(({ hour }) => hour >= from);
    const hours = [...new Set(folders.map(({ hour }) => hour))].toSorted((a, b) => a - b);
    const found: Certificate[] = [];
    for (const hour of hours) {
      const paths: string[] = [];
      for (const folder of folders.filter((each) => each.hour === hour))
        for (const name of await childrenOf(this.#zk, folder.path, signal))
          if (hourOf(name) === hour && (after === undefined || name > after))
            paths.push(joinPath(folder.path, name));
      paths.sort((a, b) => (serialIn(a) < serialIn(b) ? -1 : 1));
      for (let i = 0; i < paths.length && found.length < limit; i += AT_ONCE) {
        const read = await this.#read(paths.slice(i, i + AT_ONCE), signal);
        found.push(...read.filter((each) => service === undefined || each.service === service));
      }
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  /** How many certificates of each authority have not expired. */
  async unexpired(now: number, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const { authority, hour, path } of await this.#folders(signal)) {
      if (hour <= hourAt(now)) continue;
      const stat = await this.#zk.exists(path, { signal });
      counts.set(authority, (counts.get(authority) ?? 0) + (stat?.numChildren ?? 0));
    }
    return counts;
  }

  /** Removes what has expired, however many do it at once; says of how many. */
  async prune(now: number, signal: AbortSignal): Promise<number> {
    let pruned = 0;
    for (const { path, hour } of await this.#folders(signal)) {
      if (hour > hourAt(now)) continue;
      for (const name of await childrenOf(this.#zk, path, signal)) {
        await absent(this.#zk.delete(joinPath(path, name), { signal }));
        pruned++;
      }
      // Nobody adds to an hour that is over, but who began before that.
      await deleteEmpty(this.#zk, path, signal);
    }
    return pruned;
  }

  /** Removes the empty folders of authorities that are no more. */
  async forget(trusted: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    for (const authority of await this.#authorities(signal))
      if (!trusted.has(authority))
        await deleteEmpty(this.#zk, this.#paths.issued(authority), signal);
  }

  #authorities(signal: AbortSignal): Promise<readonly string[]> {
    return childrenOf(this.#zk, this.#paths.issued(), signal);
  }

  async #folders(signal: AbortSignal) {
    const folders: { authority: string; hour: number; path: string }[] = [];
    for (const authority of await this.#authorities(signal))
      for (const name of await childrenOf(this.#zk, this.#paths.issued(authority), signal)) {
        const hour = Number(name);
        if (Number.isSafeInteger(hour))
          folders.push({ authority, hour, path: this.#paths.issued(authority, hour) });
      }
    return folders;
  }

  async #read(paths: readonly string[], signal: AbortSignal): Promise<Certificate[]> {
    if (paths.length === 0) return [];
    const reads = paths.map((path) => ({ op: 'get', path }) as const);
    const results = await persistently(
      this.#zk,
      () => this.#zk.multiRead(reads, { signal }),
      signal,
    );
    return results.flatMap((each) => {
      const record = each.ok ? parseRecord(each.data) : undefined;
      if (!each.ok || record === undefined) return [];
      const [serial, , authority] = each.path.split('/').reverse();
      return { ...record, serial: serial!, authority: authority!, version: each.stat.version };
    });
  }
}

function serialIn(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The hour that a serial says. @throws IdentityError NOT_VALID */
export function wholeHour(serial: string): number {
  const hour = hourOf(serial);
  if (hour !== undefined) return hour;
  throw new IdentityError('NOT_VALID', `"${serial}" is no serial of a certificate of ours`);
}
