import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe } from 'node:test';
import { startZooKeeper } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import {
  CertificateAuthority,
  type CertificateAuthorityOptions,
  IdentityError,
  type IdentityErrorCode,
  type NameSpace,
  type Sealer,
} from '../src/index.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** No service but the one that asks, and no zones. */
export const NOBODY_ELSE: NameSpace = { services: [], zones: [] };

/** For `assert.rejects`: an IdentityError with this code. */
export const code = (expected: IdentityErrorCode, message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof IdentityError, String(error));
  assert.equal(error.code, expected, error.message);
  if (message !== undefined) assert.match(error.message, message);
  return true;
};

/** Seals with a key by AES-256-GCM, as the control plane's does. */
export class TestSealer implements Sealer {
  readonly #key: Buffer;
  /** What else opens. */
  readonly #older: Buffer | undefined;
  readonly #outdated = new Set<string>();

  constructor(key: Buffer = randomBytes(32), older?: Buffer) {
    this.#key = key;
    this.#older = older;
  }

  async seal(plain: Buffer, context: string): Promise<Buffer> {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(context));
    return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  async open(sealed: Buffer, context: string): Promise<Buffer> {
    for (const key of [this.#key, this.#older]) {
      const opened = key && opens(key, sealed, context);
      if (opened) return opened;
    }
    throw new IdentityError('NO_KEY', 'it was changed, or sealed with another key');
  }

  async isCurrent(sealed: Buffer): Promise<boolean> {
    return !this.#outdated.has(sealed.toString('base64'));
  }

  /** Says that this should be sealed again. */
  outdate(sealed: string): void {
    this.#outdated.add(sealed);
  }
}

function opens(key: Buffer, sealed: Buffer, context: string): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12));
  decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** A server with sessions, for one `describe`. */
export interface Stage {
  readonly zk: ZooKeeper;
  readonly signal: AbortSignal;
  /** An authority, beside nothing of others; several of one root are replicas. */
  authority(options?: Partial<CertificateAuthorityOptions>): CertificateAuthority;
  /** One more session. */
  session(): Promise<ZooKeeper>;
}

/** The same tests on a real ZooKeeper, and on the embedded one. */
export function onServers(title: string, tests: (stage: Stage) => void): void {
  const starts = {
    'Apache ZooKeeper': () => startZooKeeper(),
    'embedded server': () => startZooKeeperServer({ port: 0, tickTime: 200 }),
  };
  for (const [name, start] of Object.entries(starts))
    describe(`${title} on ${name}`, { concurrency: true }, () => {
      const stack = new AsyncDisposableStack();
      const ended = new AbortController();
      let zk: ZooKeeper | undefined;
      let address = '';
      before(async () => {
        const server = await start();
        stack.defer(() => server.close());
        address = server.connect;
        zk = stack.use(await connect({ connect: address }));
      });
      after(async () => {
        ended.abort();
        await stack.disposeAsync();
      });
      tests({
        get zk() {
          return zk!;
        },
        signal: ended.signal,
        authority: (options = {}) =>
          new CertificateAuthority({
            ...{ zk: zk!, root: `/meshkeeper/${randomUUID()}`, sealer: new TestSealer() },
            ...options,
          }),
        session: async () => stack.use(await connect({ connect: address })),
      });
    });
}

/** Runs OpenSSL; gives its exit code, and all that it has said. */
export function openssl(
  ...args: string[]
): Promise<{ readonly ok: boolean; readonly text: string }> {
  return new Promise((resolve) => {
    execFile('openssl', args, (error, stdout, stderr) => {
      resolve({ ok: error === null, text: stdout + stderr });
    });
  });
}
