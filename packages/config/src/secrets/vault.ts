import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isZooKeeperError, joinPath, persistently, type ZooKeeper } from '@meshkeeper/zookeeper';
import { ConfigError, notValid } from '../config-error.ts';
import { type Actor, authorize } from '../model/actor.ts';
import type { SecretEntry } from '../model/entry.ts';
import type { NamespaceRef } from '../model/names.ts';
import { absent } from '../store/namespace-state.ts';
import { CONFIG_ROOT, isName, Paths } from '../store/paths.ts';
import { openEnvelope, parseEnvelope, sealEnvelope } from './envelope.ts';
import type { KeyProvider } from './key-provider.ts';
import { KEY_BYTES } from './sealed.ts';
import type { Sealer, SecretPlace } from './sealer.ts';
import { Secret } from './secret.ts';

/** Where secrets are kept. */
export interface SecretVaultOptions {
  readonly zk: ZooKeeper;
  /** Default `/meshkeeper/config`. */
  readonly root?: string;
  readonly keys: KeyProvider;
}

/** Which secret. */
export interface SecretId extends NamespaceRef {
  readonly id: string;
}

/** What a rotation has done. */
export interface Rotated {
  /** Re-encrypted now. */
  readonly rotated: number;
  /** Had the current key already. */
  readonly current: number;
}

/** Bytes of a secret, at most. */
const MAX_SECRET = 256 * 1024;
/** Secrets that are remembered: a text never changes under its id. */
const REMEMBERED = 1_000;
/** Envelopes that are read in one request: each may have some 350 KiB. */
const AT_ONCE = 16;
/** Keys the digests, which so say nothing to who can't read secrets. No application is called so. */
const DIGEST_KEY = '_digest-key';
const DIGEST_PLACE: SecretPlace = { application: '', namespace: '', key: DIGEST_KEY };

/** Secrets, each in an envelope of its own: encrypted with a data key, and that with one of the keys. */
export class SecretVault implements Sealer {
  readonly #zk: ZooKeeper;
  readonly #paths: Paths;
  readonly #keys: KeyProvider;
  readonly #remembered = new Map<string, Secret>();
  #digestKey: Promise<Buffer> | undefined;
  #kept: ReadonlyMap<string, Buffer> = new Map();

  constructor({ zk, root = CONFIG_ROOT, keys }: SecretVaultOptions) {
    this.#zk = zk;
    this.#paths = new Paths(root);
    this.#keys = keys;
  }

  async seal(
    place: SecretPlace,
    text: string,
    current: SecretEntry | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly entry: SecretEntry; readonly envelope?: Buffer }> {
    const plain = Buffer.from(text);
    if (plain.length > MAX_SECRET || !text.isWellFormed())
      throw notValid('a secret', [
        { key: place.key, message: `has to be text of at most ${MAX_SECRET} bytes` },
      ]);
    const digest = await this.#digest(place, plain, signal);
    if (current !== undefined && equal(current.digest, digest))
      return { entry: { type: 'secret', secret: current.secret, digest } };
    const envelope = await sealEnvelope(this.#keys, place, plain, signal);
    const secret = randomBytes(16).toString('hex');
    return { entry: { type: 'secret', secret, digest }, envelope };
  }

  /**
   * The text of a secret.
   * @throws ConfigError FORBIDDEN without the role `secret`; NOT_FOUND, NO_KEY, MALFORMED
   */
  async reveal(
    place: SecretPlace,
    { secret: id, digest }: SecretEntry,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<Secret> {
    authorize(actor, 'reveal');
    const name = JSON.stringify([place.application, place.namespace, place.key, id, digest]);
    const known = this.#remembered.get(name);
    if (known !== undefined) return known;
    const path = this.#paths.namespace(place).secret(id);
    const data = await this.#read(path, signal);
    if (data === undefined)
      throw new ConfigError('NOT_FOUND', `the secret of ${place.key} is not kept any more`);
    const plain = await openEnvelope(this.#keys, place, parseEnvelope(data, path), signal);
    if (!equal(await this.#digest(place, plain, signal), digest))
      throw new ConfigError('MALFORMED', `the secret of ${place.key} is not what was released`);
    const secret = new Secret(plain.toString());
    this.#remembered.set(name, secret);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
    return secret;
  }

  /**
   * The envelopes of some secrets, by their znodes, and of what it takes to read them: all that has to be
   * kept by who wants to read them while ZooKeeper is away.
   */
  async envelopes(
    secrets: Iterable<SecretId>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Buffer>> {
    const paths = new Set<string>();
    for (const { id, ...ref } of secrets) paths.add(this.#paths.namespace(ref).secret(id));
    if (paths.size > 0) paths.add(joinPath(this.#paths.root, DIGEST_KEY));
    const all = [...paths];
    const found = new Map<string, Buffer>();
    for (let i = 0; i < all.length; i += AT_ONCE) {
      const reads = all.slice(i, i + AT_ONCE).map((path) => ({ op: 'get', path }) as const);
      const read = await persistently(
        this.#zk,
        () => this.#zk.multiRead(reads, { signal }),
        signal,
      );
      for (const each of read) if (each.ok) found.set(each.path, each.data);
    }
    return found;
  }

  /** Takes what `envelopes` gave, now or before a restart: it is used while ZooKeeper is away. */
  keep(envelopes: ReadonlyMap<string, Buffer>): void {
    this.#kept = envelopes;
  }

  /**
   * Re-encrypts everything with the current key. It may be interrupted at any time, and run again: what
   * has the current key stays. Releases stay what they are.
   * @throws ConfigError FORBIDDEN, NO_KEY
   */
  async rotate(actor: Actor, signal: AbortSignal): Promise<Rotated> {
    authorize(actor, 'administer');
    const done = { rotated: 0, current: 0 };
    const count = (outcome: 'rotated' | 'current' | 'gone') => {
      if (outcome !== 'gone') done[outcome]++;
    };
    const { root } = this.#paths;
    const digestPath = joinPath(root, DIGEST_KEY);
    count(await this.#reencrypt(digestPath, signal));
    for (const application of await this.#children(root, signal)) {
      if (!isName(application)) continue;
      for (const namespace of await this.#children(this.#paths.application(application), signal)) {
        if (!isName(namespace)) continue;
        const paths = this.#paths.namespace({ application, namespace });
        for (const id of await this.#children(paths.secrets, signal))
          count(await this.#reencrypt(joinPath(paths.secrets, id), signal));
      }
    }
    return done;
  }

  async #reencrypt(path: string, signal: AbortSignal): Promise<'rotated' | 'current' | 'gone'> {
    for (;;) {
      const node = await persistently(
        this.#zk,
        () => absent(this.#zk.get(path, { signal })),
        signal,
      );
      if (node === undefined) return 'gone';
      const envelope = parseEnvelope(node.data, path);
      if (envelope.keyId === (await this.#keys.currentKeyId())) return 'current';
      const { place } = envelope;
      const plain = await openEnvelope(this.#keys, place, envelope, signal);
      const again = await sealEnvelope(this.#keys, place, plain, signal);
      const { version } = node.stat;
      try {
        await persistently(this.#zk, () => this.#zk.set(path, again, { version, signal }), signal);
        return 'rotated';
      } catch (error) {
        // Somebody else does the same, or the answer of the first try was lost: look again.
        if (isZooKeeperError(error, 'NO_NODE')) return 'gone';
        if (!isZooKeeperError(error, 'BAD_VERSION')) throw error;
      }
    }
  }

  async #digest(place: SecretPlace, plain: Buffer, signal: AbortSignal): Promise<string> {
    this.#digestKey ??= this.#readDigestKey(signal).catch((error: unknown) => {
      this.#digestKey = undefined; // asked again by the next
      throw error;
    });
    const { application, namespace, key } = place;
    return createHmac('sha256', await this.#digestKey)
      .update(JSON.stringify([application, namespace, key]))
      .update('\0')
      .update(plain)
      .digest('base64url');
  }

  /** The key of the digests; whoever needs it first makes it. */
  async #readDigestKey(signal: AbortSignal): Promise<Buffer> {
    const zk = this.#zk;
    const path = joinPath(this.#paths.root, DIGEST_KEY);
    for (;;) {
      const there = await this.#read(path, signal);
      if (there !== undefined)
        return openEnvelope(this.#keys, DIGEST_PLACE, parseEnvelope(there, path), signal);
      const fresh = randomBytes(KEY_BYTES);
      const data = await sealEnvelope(this.#keys, DIGEST_PLACE, fresh, signal);
      try {
        await persistently(zk, () => zk.create(path, data, { parents: true, signal }), signal);
      } catch (error) {
        if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
      }
    }
  }

  /** What a znode holds; while ZooKeeper is away, what it held. */
  async #read(path: string, signal: AbortSignal): Promise<Buffer | undefined> {
    const zk = this.#zk;
    const kept = zk.state.type === 'connected' ? undefined : this.#kept.get(path);
    if (kept !== undefined) return kept;
    return (await persistently(zk, () => absent(zk.get(path, { signal })), signal))?.data;
  }

  async #children(path: string, signal: AbortSignal): Promise<readonly string[]> {
    const read = await persistently(
      this.#zk,
      () => absent(this.#zk.children(path, { signal })),
      signal,
    );
    return [...(read?.children ?? [])].sort();
  }
}

function equal(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
