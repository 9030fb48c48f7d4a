import type { ZooKeeper } from '@meshkeeper/zookeeper';
import type { Sealer } from './sealer.ts';
import type { Certificate } from './store/certificate-record.ts';

/** What a certificate authority is opened with. Durations in milliseconds. */
export interface CertificateAuthorityOptions {
  readonly zk: ZooKeeper;
  /** Keeps its keys from those who read ZooKeeper. */
  readonly sealer: Sealer;
  /** Default `/meshkeeper/identity`. */
  readonly root?: string;
  /** What identities begin with. Default `mesh`. */
  readonly trustDomain?: string;
  /** Of a certificate, where none is asked for. Default 24 hours. */
  readonly lifetime?: number;
  /** Of a certificate, at most. Default {@link lifetime}. */
  readonly maxLifetime?: number;
  /** Of an authority; in the last quarter of it another follows. Default 365 days. */
  readonly authorityLifetime?: number;
  /** Of a list of what was revoked; half of it is how late one may be. Default 24 hours. */
  readonly listLifetime?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A certificate that somebody asks for. */
export interface CertificateRequest {
  readonly service: string;
  /** PEM of a PKCS #10; who makes it keeps the key. */
  readonly csr: string;
  /** Milliseconds. Default as the authority's. */
  readonly ttl?: number | undefined;
  /** Who asks. */
  readonly by: string;
}

/** A certificate, and what goes with it. */
export interface Issued {
  readonly certificate: Certificate;
  /** PEM: its own first, then that by which who knows only an older authority believes it. */
  readonly chain: string;
  /** PEM: whom to trust. */
  readonly bundle: string;
}

/** A change of authorities: by whom, and of what they have seen. */
export interface AuthorityChange {
  readonly by: string;
  /** Of `Trust.version`; undefined: whatever there is. */
  readonly version?: number | undefined;
}

/** What `CertificateAuthority.sweep` has done. */
export interface Swept {
  /** Records of expired certificates that are gone. */
  readonly pruned: number;
  /** Authorities that are trusted no more: nothing of theirs is good any more. */
  readonly retired: readonly string[];
  /** The one that signs from now on. */
  readonly rotated: string | undefined;
}

/** What `CertificateAuthority.reseal` has done, in authorities. */
export interface Resealed {
  /** Sealed with the current key now. */
  readonly resealed: number;
  /** Had the current key already. */
  readonly current: number;
}
