import { isDeepStrictEqual } from 'node:util';
import type { Egress, Knowledge } from '@meshkeeper/proxy';
import { SdkError } from '../sdk-error.ts';
import { Latest } from '../stream/latest.ts';
import { type SignalOption, within } from '../stream/within.ts';
import { type ServiceEndpoint, serviceEndpoint } from './endpoint.ts';

/** A service whose endpoints somebody follows. */
interface Followed {
  readonly latest: Latest<readonly ServiceEndpoint[] | undefined>;
  followers: number;
}

/** Tells what the data plane learns of services. */
export class ServiceWatch {
  readonly #egress: Egress;
  readonly #timeout: number;
  /** Grows with each change. */
  readonly #changes = new Latest(0);
  readonly #followed = new Map<string, Followed>();

  /** @param timeout milliseconds that a service that is not known yet is waited for */
  constructor(egress: Egress, timeout: number) {
    this.#egress = egress;
    this.#timeout = timeout;
  }

  /** The data plane has learned something. */
  changed(): void {
    this.#changes.set(this.#changes.value + 1);
    for (const [service, { latest }] of this.#followed) latest.set(this.#endpoints(service));
  }

  /** Nothing more will be learned. */
  end(): void {
    this.#changes.end();
    for (const { latest } of this.#followed.values()) latest.end();
  }

  /**
   * Asks for a service, and waits until it is known what it is.
   * @throws SdkError TIMEOUT, CLOSED; the signal's reason
   */
  async known(service: string, signal?: AbortSignal): Promise<Answer> {
    this.#egress.ask(service);
    const late = () => this.#late(service);
    return within(this.#timeout, { signal }, late, async (both) => {
      const found = await this.#until(service, isAnswer, both);
      if (found !== 'closed') return found;
      // The routes of a service that has just come are a moment behind its endpoints.
      const patient = AbortSignal.any([both, AbortSignal.timeout(ROUTES_LATER)]);
      return this.#until(service, isOpen, patient).catch((): Answer => 'closed');
    });
  }

  /** The endpoints now; undefined until the control plane has answered. */
  current(service: string): readonly ServiceEndpoint[] | undefined {
    this.#egress.ask(service);
    return this.#followed.get(service)?.latest.value ?? this.#endpoints(service);
  }

  /** The endpoints now and whenever they change: the latest ones, for a reader that is slow. */
  async *endpoints(
    service: string,
    { signal }: SignalOption = {},
  ): AsyncGenerator<readonly ServiceEndpoint[], void, void> {
    this.#egress.ask(service);
    const known = this.#followed.get(service);
    const fresh = () => new Latest(this.#endpoints(service), isDeepStrictEqual);
    const followed = known ?? { latest: fresh(), followers: 0 };
    followed.followers++;
    this.#followed.set(service, followed);
    try {
      for await (const endpoints of followed.latest.values(signal))
        if (endpoints !== undefined) yield endpoints;
    } finally {
      if (--followed.followers === 0) this.#followed.delete(service);
    }
  }

  async #until<K extends Knowledge>(
    service: string,
    wanted: (found: Knowledge) => found is K,
    signal: AbortSignal,
  ): Promise<K> {
    for await (const _ of this.#changes.values(signal)) {
      const found = this.#egress.knows(service);
      if (wanted(found)) return found;
    }
    signal.throwIfAborted();
    throw new SdkError('CLOSED', 'The mesh was closed.');
  }

  #endpoints(service: string): readonly ServiceEndpoint[] | undefined {
    return this.#egress.endpoints(service)?.map(serviceEndpoint);
  }

  #late(service: string): string {
    const { state } = this.#egress;
    const away = state.type === 'disconnected' ? `, which is away (${state.reason})` : '';
    return `Nothing was heard of the service ${service} within ${this.#timeout} ms of the control plane${away}.`;
  }
}

type Answer = Exclude<Knowledge, 'asked' | 'unasked'>;

/** Milliseconds. */
const ROUTES_LATER = 1_000;

function isAnswer(found: Knowledge): found is Answer {
  return found !== 'asked' && found !== 'unasked';
}

function isOpen(found: Knowledge): found is 'known' | 'missing' {
  return found === 'known' || found === 'missing';
}
