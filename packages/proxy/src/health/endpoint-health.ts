import type { HealthCheckConfig } from '../config/health-check-config.ts';
import type { ProbeResult } from './check-state.ts';
import { type CheckEnvironment, EndpointCheck } from './endpoint-check.ts';
import type { Probe } from './probe.ts';

/** What the checks of an endpoint say together. `pending`: not all of them have been made once. */
export type CheckStatus = 'pending' | 'passing' | 'failing';

/** What an {@link EndpointHealth} takes from outside. */
export interface HealthEnvironment extends Omit<CheckEnvironment, 'checked'> {
  readonly probe: (config: HealthCheckConfig) => Probe;
  /** Another status than before. */
  readonly changed: (status: CheckStatus) => void;
  /** A check has succeeded, and so do the others. */
  readonly succeeded: () => void;
}

/** The active checks of one endpoint: all have to succeed. */
export class EndpointHealth {
  readonly #environment: HealthEnvironment;
  readonly #checks: readonly EndpointCheck[];
  #status: CheckStatus;
  /** What was known before the checks were others; it holds until they have all been made. */
  #before: CheckStatus;

  /** `before` is what other checks have found of the endpoint. */
  constructor(
    configs: readonly HealthCheckConfig[],
    environment: HealthEnvironment,
    before: CheckStatus = 'pending',
  ) {
    this.#environment = environment;
    this.#before = before;
    this.#status = before;
    const { random, slots, used } = environment;
    const checked = (result: ProbeResult) => this.#checked(result);
    this.#checks = configs.map((config) => {
      return new EndpointCheck(config, environment.probe(config), { random, slots, used, checked });
    });
  }

  get status(): CheckStatus {
    return this.#status;
  }

  /** True when requests may go there. */
  get passing(): boolean {
    return this.#status === 'passing';
  }

  /** What is wrong; undefined when nothing is known to be. */
  get detail(): string | undefined {
    return this.#checks.find(({ detail }) => detail !== undefined)?.detail;
  }

  /** Checks no more. Idempotent. */
  close(): void {
    for (const check of this.#checks) check.close();
  }

  #checked(result: ProbeResult): void {
    const status = this.#reckon();
    if (status !== this.#status) {
      this.#status = status;
      this.#environment.changed(status);
    }
    if (result.type === 'success' && status === 'passing') this.#environment.succeeded();
  }

  #reckon(): CheckStatus {
    if (this.#checks.some(({ state }) => state.type === 'failing')) return 'failing';
    if (this.#checks.some(({ state }) => state.type === 'unchecked')) return this.#before;
    this.#before = 'pending';
    return 'passing';
  }
}
