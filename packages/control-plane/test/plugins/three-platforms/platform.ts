import type { Ledger } from './ledger.ts';

/** An instance of the service, that somebody runs at a platform. */
export interface PlatformInstance {
  /** Also its answer. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** A way in which a platform is lost. */
export interface Loss {
  lose(): Promise<void>;
  /** Milliseconds; without it as long as it is wanted. */
  readonly longest?: number;
}

/** A platform with a registry of its own, as its own users see it, and as the control planes do. */
export interface Platform extends AsyncDisposable {
  /** The source that reads it. */
  readonly source: string;
  /** What the mesh has written there: by `service address:port`. */
  readonly ledger: Ledger;
  /** The ways in which it can be lost, one after the other. */
  readonly losses: readonly Loss[];
  /** It is as it was. Idempotent. */
  back(): Promise<void>;
  register(service: string, instance: PlatformInstance): Promise<void>;
  deregister(service: string, instance: PlatformInstance): Promise<void>;
}
