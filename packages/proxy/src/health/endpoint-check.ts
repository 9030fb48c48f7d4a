import type { HealthCheckConfig } from '../config/health-check-config.ts';
import { checkInterval } from './check-interval.ts';
import type { CheckSlots } from './check-slots.ts';
import { afterCheck, type CheckState, type ProbeResult } from './check-state.ts';
import type { Probe } from './probe.ts';

/** What an {@link EndpointCheck} takes from outside. */
export interface CheckEnvironment {
  /** In [0, 1). */
  readonly random: () => number;
  readonly slots: CheckSlots;
  /** The cluster has had a connection. */
  readonly used: () => boolean;
  /** A check is over. */
  readonly checked: (result: ProbeResult) => void;
}

/** One check of one endpoint, again and again until it is closed. */
export class EndpointCheck {
  state: CheckState = { type: 'unchecked' };
  /** What was wrong at last; undefined after a success. */
  detail: string | undefined;
  readonly #config: HealthCheckConfig;
  readonly #probe: Probe;
  readonly #environment: CheckEnvironment;
  #timer: NodeJS.Timeout | undefined;
  #giveUp: (() => void) | undefined;
  #running = false;
  #closed = false;

  constructor(config: HealthCheckConfig, probe: Probe, environment: CheckEnvironment) {
    this.#config = config;
    this.#probe = probe;
    this.#environment = environment;
    this.#next(config.timing.initialJitter * environment.random());
  }

  /** Checks no more, and closes its connection. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#giveUp?.();
    this.#probe.close();
    this.#release();
  }

  #next(wait: number): void {
    this.#timer = setTimeout(() => {
      this.#giveUp = this.#environment.slots.take(() => this.#run());
    }, wait);
    this.#timer.unref();
  }

  #run(): void {
    const { timeout } = this.#config.timing;
    this.#running = true;
    this.#timer = setTimeout(() => {
      this.#probe.stop();
      const detail = `no answer within ${timeout} ms`;
      this.#take({ type: 'failure', kind: 'unreachable', detail });
    }, timeout);
    this.#timer.unref();
    this.#probe.run((result) => this.#take(result));
  }

  #take(result: ProbeResult): void {
    clearTimeout(this.#timer);
    this.#release();
    if (this.#closed) return;
    const { timing } = this.#config;
    const { random, used, checked } = this.#environment;
    this.state = afterCheck(this.state, result, this.#config);
    this.detail = result.type === 'failure' ? result.detail : undefined;
    this.#next(checkInterval(timing, this.state, used(), random));
    checked(result);
  }

  #release(): void {
    if (!this.#running) return;
    this.#running = false;
    this.#environment.slots.release();
  }
}
