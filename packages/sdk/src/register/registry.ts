import type { Health, Locality, Protocol } from '@meshkeeper/mesh';
import type { SignalOption } from '../stream/within.ts';

/** An instance, complete. */
export interface Instance {
  readonly service: string;
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly locality: Locality | undefined;
}

/** An instance that is registered, and kept so: also by another session, or after it was deleted. */
export interface Entry {
  /**
   * Says that it takes no new requests, or does again.
   * @throws SdkError REFUSED where the registry has no way to say it
   */
  setHealth(health: Extract<Health, 'unknown' | 'draining'>, options?: SignalOption): Promise<void>;
  /** Takes it out of the registry. Idempotent. */
  remove(): Promise<void>;
}

/** Where instances are registered. */
export interface Registry {
  /** @throws SdkError; the signal's reason */
  add(instance: Instance, options?: SignalOption): Promise<Entry>;
}
