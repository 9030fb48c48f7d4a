import { joinPath, type ZooKeeper, ZooKeeperError } from '@meshkeeper/zookeeper';
import { IdentityError } from '../identity-error.ts';
import type { RevocationReason, RevokedEntry } from '../x509/revocation-list.ts';
import { hourAt, hourOf } from '../x509/serial.ts';
import { type Certificate, type CertificateRecord, revokedSchema } from './certificate-record.ts';
import { type Certificates, wholeHour } from './certificates.ts';
import { absent, childrenOf, deleteEmpty, ensure } from './nodes.ts';
import type { Paths } from './paths.ts';

/** Revoked certificates of an authority that have not expired: what their list has to hold. */
export const MOST_REVOKED = 10_000;
/** Znodes that are read in one request. */
const AT_ONCE = 200;

/** What counts no more, and has not expired. */
export class Revocations {
  readonly #zk: ZooKeeper;
  readonly #paths: Paths;
  readonly #certificates: Certificates;

  constructor(zk: ZooKeeper, paths: Paths, certificates: Certificates) {
    this.#zk = zk;
    this.#paths = paths;
    this.#certificates = certificates;
  }

  /**
   * Has a certificate count no more: its record says so, and it is in the list, both or neither.
   * @param version of the record that was seen; undefined: any
   * @returns the record: as it was, where that was done before
   * @throws IdentityError NOT_FOUND, STALE, FULL
   */
  async add(
    serial: string,
    revocation: NonNullable<CertificateRecord['revoked']>,
    version: number | undefined,
    signal: AbortSignal,
  ): Promise<Certificate> {
    for (;;) {
      const found = await this.#certificates.find(serial, signal);
      if (found === undefined)
        throw new IdentityError('NOT_FOUND', `no certificate has the serial "${serial}"`);
      if (version !== undefined && found.version !== version)
        throw new IdentityError('STALE', 'the certificate was changed meanwhile: look at it again');
      if (found.revoked !== undefined) return found;
      try {
        await this.#write(found, revocation, signal);
        return { ...found, revoked: revocation, version: found.version + 1 };
      } catch (error) {
        // Somebody else was first, or the answer was lost: look again.
        if (!(error instanceof ZooKeeperError)) throw error;
        if (error.code !== 'BAD_VERSION' && error.code !== 'NODE_EXISTS' && !error.retryable)
          throw error;
        signal.throwIfAborted();
      }
    }
  }

  /** What of an authority's was revoked. */
  async list(authority: string, signal: AbortSignal): Promise<readonly RevokedEntry[]> {
    const folder = this.#paths.revoked(authority);
    const names = (await childrenOf(this.#zk, folder, signal)).filter(
      (name) => hourOf(name) !== undefined,
    );
    const entries: RevokedEntry[] = [];
    for (let i = 0; i < names.length; i += AT_ONCE) {
      const some = names.slice(i, i + AT_ONCE);
      const reads = some.map((name) => ({ op: 'get', path: joinPath(folder, name) }) as const);
      const read = await this.#zk.multiRead(reads, { signal });
      for (const [j, each] of read.entries())
        if (each.ok) entries.push({ serial: some[j]!, ...revokedIn(each.data) });
    }
    return entries;
  }

  /** A number that changes with {@link list}. */
  async change(authority: string, signal: AbortSignal): Promise<bigint> {
    const stat = await this.#zk.exists(this.#paths.revoked(authority), { signal });
    return stat?.pzxid ?? 0n;
  }

  /** Removes what has expired, and folders of authorities that are no more. */
  async prune(now: number, trusted: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    for (const authority of await childrenOf(this.#zk, this.#paths.revoked(), signal)) {
      const folder = this.#paths.revoked(authority);
      for (const name of await childrenOf(this.#zk, folder, signal))
        if ((hourOf(name) ?? 0) <= hourAt(now))
          await absent(this.#zk.delete(joinPath(folder, name), { signal }));
      if (!trusted.has(authority)) await deleteEmpty(this.#zk, folder, signal);
    }
  }

  async #write(
    { serial, authority, version, ...record }: Certificate,
    revocation: NonNullable<CertificateRecord['revoked']>,
    signal: AbortSignal,
  ): Promise<void> {
    const folder = this.#paths.revoked(authority);
    await ensure(this.#zk, folder, signal);
    const stat = await this.#zk.exists(folder, { signal });
    if ((stat?.numChildren ?? 0) >= MOST_REVOKED)
      throw new IdentityError(
        'FULL',
        `${MOST_REVOKED} certificates were revoked: rotate the authority, and finish that`,
      );
    const path = this.#paths.certificate(authority, wholeHour(serial), serial);
    const { at, reason } = revocation;
    const listed = JSON.stringify({ at, reason });
    const data = JSON.stringify({ ...record, revoked: revocation });
    await this.#zk.multi(
      [
        { op: 'set', path, data, version },
        { op: 'create', path: joinPath(folder, serial), data: listed },
      ],
      { signal },
    );
  }
}

/** What can't be read was revoked all the same. */
function revokedIn(data: Buffer): { readonly at: number; readonly reason: RevocationReason } {
  try {
    return revokedSchema.parse(JSON.parse(data.toString()));
  } catch {
    return { at: 0, reason: 'unspecified' };
  }
}
