import { randomUUID } from 'node:crypto';
import { DEFAULT_WEIGHT, type Locality, NO_LOCALITY } from '@meshkeeper/mesh';
import type { Logger } from '../logger.ts';
import { SdkError } from '../sdk-error.ts';
import { type SignalOption, within } from '../stream/within.ts';
import { ownAddress } from './own-address.ts';
import { Registered } from './registered.ts';
import type { RegistrationOptions } from './registration-options.ts';
import type { Instance, Registry } from './registry.ts';

/** What registrations have in common. */
export interface RegistrationsOptions {
  readonly registry: Registry;
  /** Of instances that state none. */
  readonly service: string | undefined;
  readonly locality: Partial<Locality> | undefined;
  /** Milliseconds that registering may take. */
  readonly timeout: number;
  readonly logger: Logger;
  /** The first instance is about to be registered. */
  readonly begins: () => void;
}

const INTERVAL = 2_000;
const LOOK_TIMEOUT = 5_000;

/** The instances that this process has registered. */
export class Registrations {
  readonly #options: RegistrationsOptions;
  readonly #all = new Set<Registered>();

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  /** @throws SdkError; the signal's reason */
  async add(options: RegistrationOptions, { signal }: SignalOption): Promise<Registered> {
    const instance = this.#instance(options);
    const { readiness, readinessInterval: interval = INTERVAL, drain = {} } = options;
    const { readinessTimeout = LOOK_TIMEOUT } = options;
    const { registry, logger, timeout, begins } = this.#options;
    const registered = new Registered(instance, {
      ...{ registry, drain, logger },
      readiness: readiness && { readiness, interval, timeout: readinessTimeout, logger },
      closed: (closed) => this.#all.delete(closed),
    });
    this.#all.add(registered);
    begins();
    if (options.background) {
      registered.beginLater();
      return registered;
    }
    const late = () => `${instance.service} could not be registered within ${timeout} ms.`;
    try {
      await within(timeout, { signal }, late, (both) => registered.begin({ signal: both }));
    } catch (error) {
      await registered.close();
      throw error;
    }
    return registered;
  }

  /** Drains all of them. */
  async drain(options: SignalOption): Promise<void> {
    await Promise.all(Array.from(this.#all, (each) => each.drain(options)));
  }

  /** Takes all of them out. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#all, (each) => each.close()));
  }

  #instance(options: RegistrationOptions): Instance {
    const { service = this.#options.service, id = randomUUID(), port } = options;
    if (service === undefined || service === '')
      throw new SdkError(
        'INVALID_ARGUMENT',
        'Say which service the instance is of: register({ service, … }) or connect({ service }).',
      );
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new SdkError('INVALID_ARGUMENT', `port is ${port}: write a number from 1 to 65535.`);
    const { weight = DEFAULT_WEIGHT } = options;
    if (!(weight >= 0 && weight <= 1_000_000))
      throw new SdkError('INVALID_ARGUMENT', `weight is ${weight}: write 0 or more.`);
    const locality = options.locality ?? this.#options.locality;
    return {
      ...{ service, id, port, weight },
      address: options.address ?? ownAddress(),
      protocol: options.protocol ?? 'http',
      metadata: options.metadata ?? {},
      locality: locality && { ...NO_LOCALITY, ...locality },
    };
  }
}
