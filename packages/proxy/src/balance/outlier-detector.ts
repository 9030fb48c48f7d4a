import type { OutlierConfig } from '../config/cluster-config.ts';

interface Record {
  connectFailures: number;
  serverErrors: number;
  /** How often it has been left aside; each time lasts twice as long as the one before. */
  ejections: number;
  /** Until when it is left aside, in the clock's milliseconds. */
  until: number;
}

/**
 * Leaves endpoints aside that fail: `consecutive_5xx` and `consecutive_local_origin_failure` of
 * Envoy's outlier detection, with a back-off that doubles. Never all of a cluster's endpoints. Pure:
 * the time is given.
 */
export class OutlierDetector<K> {
  readonly #records = new Map<K, Record>();
  #config: OutlierConfig;
  #endpoints: number;

  constructor(config: OutlierConfig, endpoints: number) {
    this.#config = config;
    this.#endpoints = endpoints;
  }

  /** New limits, and how many endpoints there are. */
  configure(config: OutlierConfig, endpoints: number): void {
    this.#config = config;
    this.#endpoints = endpoints;
  }

  /** True when no endpoint has failed lately, so that {@link isEjected} need not be asked. */
  get calm(): boolean {
    return this.#records.size === 0;
  }

  /** True while requests should go elsewhere. */
  isEjected(key: K, now: number): boolean {
    return (this.#records.get(key)?.until ?? 0) > now;
  }

  /** A connection could not be made; true when the endpoint is left aside because of it. */
  connectFailed(key: K, now: number): boolean {
    const record = this.#record(key);
    record.connectFailures++;
    if (record.connectFailures < this.#config.connectFailures) return false;
    return this.#eject(record, now);
  }

  /** A response came; true when the endpoint is left aside because of its status. */
  responded(key: K, status: number, now: number): boolean {
    const { serverErrors } = this.#config;
    if (status < 500 || serverErrors === 0) {
      const record = this.#records.get(key);
      if (record && record.until <= now) this.#records.delete(key);
      return false;
    }
    const record = this.#record(key);
    record.connectFailures = 0;
    record.serverErrors++;
    return record.serverErrors >= serverErrors && this.#eject(record, now);
  }

  /** The endpoint is gone. */
  forget(key: K): void {
    this.#records.delete(key);
  }

  #record(key: K): Record {
    let record = this.#records.get(key);
    if (!record) {
      record = { connectFailures: 0, serverErrors: 0, ejections: 0, until: 0 };
      this.#records.set(key, record);
    }
    return record;
  }

  #eject(record: Record, now: number): boolean {
    if (record.until > now) return false;
    let ejected = 0;
    for (const { until } of this.#records.values()) if (until > now) ejected++;
    const share = Math.floor((this.#endpoints * this.#config.maxEjectedPercent) / 100);
    const allowed = Math.min(Math.max(1, share), this.#endpoints - 1);
    if (ejected >= allowed) return false;
    const { baseEjection, maxEjection } = this.#config;
    record.until = now + Math.min(maxEjection, baseEjection * 2 ** record.ejections);
    record.ejections++;
    record.serverErrors = 0;
    // One more failure after its return is enough.
    record.connectFailures = this.#config.connectFailures - 1;
    return true;
  }
}
