import type { KeyProvider } from '@meshkeeper/config';
import type { CertificateAuthority, NameSpace } from '@meshkeeper/identity';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import type { IdentityConfig } from '../config/identity-schema.ts';
import { type AuditSink, tellOwn } from '../configuration/own-audit.ts';

/** What identities are opened with. */
export interface IdentityOptions {
  readonly zk: ZooKeeper;
  readonly config: IdentityConfig;
  /** What the keys of authorities are sealed with; undefined: nothing is signed. */
  readonly keys: KeyProvider | undefined;
  /** The names of all services. */
  readonly services: () => Iterable<string>;
  readonly audit: AuditSink;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Between two looks at what has expired, in milliseconds. Default an hour. */
  readonly interval?: number;
}

const HOUR = 3_600_000;
/** How long one look may take, in milliseconds. */
const PATIENCE = 60_000;

const NO_KEY =
  "there is no key to seal the authority's with: set configuration.secrets.keyFile, keyVariable or plugin";

/**
 * The certificate authority as a control plane has it. Until somebody asks, and where nobody ever has,
 * nothing of it is loaded.
 */
export class Identity implements AsyncDisposable {
  readonly #options: IdentityOptions;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #authority: Promise<CertificateAuthority> | undefined;
  #sweeping: Promise<void> | undefined;

  constructor(options: IdentityOptions) {
    this.#options = options;
    // All replicas do it, and nothing is lost when one does not: none of them has to be awake for it.
    this.#timer = setInterval(() => {
      this.#sweeping ??= this.#sweep().finally(() => {
        this.#sweeping = undefined;
      });
    }, options.interval ?? HOUR).unref();
  }

  /** What identities begin with. */
  get trustDomain(): string {
    return this.#options.config.trustDomain;
  }

  /** Whose names a certificate may not have, and which it may. */
  get names(): NameSpace {
    const { services, config } = this.#options;
    return { services: services(), zones: config.dnsZones };
  }

  authority(): Promise<CertificateAuthority> {
    this.#authority ??= this.#open();
    return this.#authority;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#sweeping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<CertificateAuthority> {
    const { CertificateAuthority, noSealer } = await import('@meshkeeper/identity');
    const { KeySealer } = await import('./key-sealer.ts');
    const { zk, config, keys, now } = this.#options;
    return new CertificateAuthority({
      ...{ zk, now, sealer: keys === undefined ? noSealer(NO_KEY) : new KeySealer(keys) },
      ...{ trustDomain: config.trustDomain, lifetime: config.lifetime },
      ...{ maxLifetime: config.maxLifetime, authorityLifetime: config.authorityLifetime },
      listLifetime: config.revocationListLifetime,
    });
  }

  async #sweep(): Promise<void> {
    const { zk, audit, logger, now } = this.#options;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(PATIENCE)]);
    try {
      if ((await zk.exists(ROOT, { signal })) === null) return;
      const { retired, rotated } = await (await this.authority()).sweep(signal);
      for (const authority of retired) tellOwn(audit, now(), 'retireAuthority', { authority });
      if (rotated !== undefined)
        tellOwn(audit, now(), 'rotateAuthority', { authority: rotated, reason: 'it was time' });
    } catch (err) {
      // Also when another replica was first; what is left is done the next time.
      if (!this.#stop.signal.aborted) logger.debug({ err }, 'identities are looked after later');
    }
  }
}

/** As the package has it, which isn't loaded to find that there is nothing. */
const ROOT = '/meshkeeper/identity';
