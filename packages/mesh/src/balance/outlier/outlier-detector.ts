import type { RandomSource } from '../random-source.ts';
import { type EjectionReason, OUTLIER, type OutlierOptions } from './outlier-options.ts';
import { OutlierRecord } from './outlier-record.ts';
import { unsuccessful, type Volume } from './success-rate.ts';

/** What becomes of an endpoint. */
export type OutlierChange<K> =
  | {
      readonly type: 'ejected';
      readonly key: K;
      readonly reason: EjectionReason;
      /** From when on it can return, in the clock's milliseconds. */
      readonly until: number;
    }
  | { readonly type: 'returned'; readonly key: K };

/**
 * Envoy's outlier detection (`DetectorImpl`) as a state machine: it is told what endpoints answer, and
 * when it is; it says who is to be left aside. Ejections end, and successes are compared, when
 * {@link tick} is called at its {@link deadline}.
 */
export class OutlierDetector<K> {
  #options: OutlierOptions;
  readonly #random: RandomSource;
  #records = new Map<K, OutlierRecord>();
  #deadline: number;

  /** Options that are not given are {@link OUTLIER}. */
  constructor(options: Partial<OutlierOptions>, random: RandomSource, now: number) {
    this.#options = { ...OUTLIER, ...options };
    this.#random = random;
    this.#deadline = now + this.#options.interval;
  }

  /** Other options, from now on; who is ejected stays so, and records are kept. */
  configure(options: Partial<OutlierOptions>): void {
    this.#options = { ...OUTLIER, ...options };
  }

  /** True when a {@link tick} would change nothing: nobody is, or was lately, ejected, or has been used. */
  get calm(): boolean {
    for (const record of this.#records.values()) if (!record.calm) return false;
    return true;
  }

  /** When {@link tick} is to be called next. */
  get deadline(): number {
    return this.#deadline;
  }

  isEjected(key: K): boolean {
    return this.#records.get(key)?.standing.type === 'ejected';
  }

  /** The endpoints that are watched. One that was before keeps its record. */
  update(keys: Iterable<K>): void {
    const before = this.#records;
    this.#records = new Map();
    for (const key of keys) this.#records.set(key, before.get(key) ?? new OutlierRecord());
  }

  /** It has answered with a status of HTTP, or what comes to the same. */
  responded(key: K, status: number, now: number): OutlierChange<K> | undefined {
    const record = this.#records.get(key);
    if (!record) return undefined;
    if (this.#options.split) this.#succeededLocally(record);
    return this.#counted(key, record, status, now);
  }

  /** It could not be connected to, or has not answered in time: a 503 or a 504 unless told apart. */
  failedLocally(key: K, status: 503 | 504, now: number): OutlierChange<K> | undefined {
    const record = this.#records.get(key);
    if (!record) return undefined;
    if (!this.#options.split) return this.#counted(key, record, status, now);
    record.volumes.local.total++;
    if (++record.localFailures !== this.#options.consecutiveLocalOriginFailure) return undefined;
    record.localFailures = 0;
    return this.#eject(key, record, 'consecutive-local-origin-failure', now);
  }

  /**
   * It is known to be well by other means; Envoy's `successful_active_health_check_uneject_host`. An
   * ejection is over, and what had gone wrong does not count any more.
   */
  recovered(key: K, now: number): OutlierChange<K> | undefined {
    const record = this.#records.get(key);
    if (record?.standing.type !== 'ejected') return undefined;
    record.back(now);
    return { type: 'returned', key };
  }

  /** Ends an interval: who has been away long enough returns, and who fails more than others goes. */
  tick(now: number): OutlierChange<K>[] {
    const changes: OutlierChange<K>[] = [];
    const external = new Map<K, Volume>();
    const local = new Map<K, Volume>();
    for (const [key, record] of this.#records) {
      if (record.standing.type === 'ejected' && record.standing.until <= now) {
        record.back(now);
        changes.push({ type: 'returned', key });
      }
      const taken = record.takeVolumes();
      if (record.standing.type === 'ejected') continue;
      external.set(key, taken.external);
      local.set(key, taken.local);
    }
    const hosts = this.#records.size;
    for (const { key, reason } of [
      ...unsuccessful(external, hosts, 'external', this.#options),
      ...unsuccessful(local, hosts, 'local', this.#options),
    ]) {
      const change = this.#eject(key, this.#records.get(key)!, reason, now);
      if (change) changes.push(change);
    }
    this.#calmDown(now);
    this.#deadline = now + this.#options.interval;
    return changes;
  }

  #counted(
    key: K,
    record: OutlierRecord,
    status: number,
    now: number,
  ): OutlierChange<K> | undefined {
    const { external } = record.volumes;
    external.total++;
    if (status < 500) {
      external.successes++;
      record.serverErrors = 0;
      record.gatewayErrors = 0;
      return undefined;
    }
    let change: OutlierChange<K> | undefined;
    if (status < 502 || status > 504) record.gatewayErrors = 0;
    else if (++record.gatewayErrors === this.#options.consecutiveGatewayFailure) {
      record.gatewayErrors = 0;
      change = this.#eject(key, record, 'consecutive-gateway-failure', now);
    }
    if (++record.serverErrors === this.#options.consecutive5xx) {
      record.serverErrors = 0;
      change ??= this.#eject(key, record, 'consecutive-5xx', now);
    }
    return change;
  }

  #succeededLocally(record: OutlierRecord): void {
    record.volumes.local.total++;
    record.volumes.local.successes++;
    record.localFailures = 0;
  }

  #eject(
    key: K,
    record: OutlierRecord,
    reason: EjectionReason,
    now: number,
  ): OutlierChange<K> | undefined {
    const { enforcing, baseEjection, maxEjection, maxEjectionJitter } = this.#options;
    if (record.standing.type === 'ejected' || !this.#mayEject()) return undefined;
    if (this.#random.below(100) >= enforcing[reason]) return undefined;
    const most = Math.max(maxEjection, baseEjection);
    if (record.backOff * baseEjection < most + baseEjection) record.backOff++;
    const time = Math.min(baseEjection * record.backOff, most);
    const until = now + time + this.#random.below(maxEjectionJitter + 1);
    record.standing = { type: 'ejected', until };
    return { type: 'ejected', key, reason, until };
  }

  #mayEject(): boolean {
    let ejected = 0;
    for (const { standing } of this.#records.values()) if (standing.type === 'ejected') ejected++;
    if (ejected === 0 && this.#options.alwaysEjectOne) return true;
    const percent = (100 * (ejected + 1)) / this.#records.size;
    return percent <= Math.min(100, this.#options.maxEjectionPercent);
  }

  /** Who has been back for an interval or longer is a step nearer to where it began. */
  #calmDown(now: number): void {
    for (const record of this.#records.values()) {
      if (record.standing.type === 'ejected' || record.returned === undefined) continue;
      if (now - record.returned >= this.#options.interval && record.backOff > 0) record.backOff--;
    }
  }
}
