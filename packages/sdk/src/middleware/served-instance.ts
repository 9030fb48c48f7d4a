import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SILENT } from '../logger.ts';
import type { Mesh } from '../mesh.ts';
import { isReady } from '../register/readiness.ts';
import type { Registered } from '../register/registered.ts';
import type { DrainOptions, RegistrationOptions } from '../register/registration-options.ts';
import { SdkError } from '../sdk-error.ts';

/** How a framework's server is registered. Times in milliseconds. */
export interface ServeOptions extends Omit<RegistrationOptions, 'port' | 'drain' | 'background'> {
  /** Where others reach it. Default: the port that is bound. */
  readonly port?: number;
  /** Answers 200 while the server serves, and 503 from the moment that it drains. Default `/healthz`; false for none. */
  readonly healthPath?: string | false;
  /** Answers 200 while it takes requests: it does not drain, and is ready. Default `/readyz`; false for none. */
  readonly readyPath?: string | false;
  /** How it leaves. */
  readonly drain?: Pick<DrainOptions, 'delay' | 'timeout'>;
}

/** What a health path answers. */
export interface HealthAnswer {
  readonly statusCode: 200 | 503;
  readonly body: { readonly status: 'ok' | 'not ready' | 'draining' };
}

/** An HTTP server that is registered while it listens, and leaves without losing a request. */
export class ServedInstance implements AsyncDisposable {
  readonly healthPath: string | false;
  readonly readyPath: string | false;
  readonly #mesh: Mesh;
  readonly #options: ServeOptions;
  readonly #finish: (server: Server) => Promise<void>;
  /** Resolved whenever nothing is on its way. */
  #idle = Promise.withResolvers<void>();
  #active = 0;
  #draining = false;
  #server: Server | undefined;
  #registered: Promise<Registered> | undefined;

  /** @param finish closes what is left of the server once nothing is on its way; default: the server */
  constructor(mesh: Mesh, options: ServeOptions, finish = closed) {
    const { healthPath = '/healthz', readyPath = '/readyz' } = options;
    this.#mesh = mesh;
    this.#options = options;
    this.#finish = finish;
    this.healthPath = healthPath;
    this.readyPath = readyPath;
  }

  /** The registration, once the server listens. */
  get registered(): Promise<Registered> | undefined {
    return this.#registered;
  }

  /** Requests that are on their way. */
  get activeRequests(): number {
    return this.#active;
  }

  /** What {@link healthPath} says now. */
  health(): HealthAnswer {
    return this.#draining ? DRAINING : OK;
  }

  /** What {@link readyPath} says now. */
  async readiness(): Promise<HealthAnswer> {
    const { readiness, readinessTimeout: timeout = READINESS_TIMEOUT } = this.#options;
    if (this.#draining) return DRAINING;
    if (!readiness) return OK;
    const signal = AbortSignal.timeout(timeout);
    const asked = { readiness, timeout, interval: timeout, logger: SILENT };
    return (await isReady(asked, signal)) ? OK : NOT_READY;
  }

  /** Takes a server, which listens or is about to. Once. */
  attach(server: Server): void {
    if (this.#server) throw new SdkError('INVALID_ARGUMENT', 'There is a server already.');
    this.#server = server;
    server.prependListener('request', this.#request);
    if (server.listening) this.#listens(server);
    else server.once('listening', () => this.#listens(server));
    server.once('close', () => void this.close());
  }

  /** Leaves as a signal to end makes it: see `Registered.drain`. */
  async drain(): Promise<void> {
    await (await this.#registered)?.drain();
  }

  /** Takes it out of the registry; the server goes on. Idempotent. */
  async close(): Promise<void> {
    await (await this.#registered)?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  readonly #request = (_: IncomingMessage, response: ServerResponse): void => {
    this.#active++;
    // Whoever calls is to come back by another connection, to another instance.
    if (this.#draining) response.shouldKeepAlive = false;
    response.once('close', () => {
      this.#active--;
      if (this.#active === 0) this.#idle.resolve();
    });
  };

  #listens(server: Server): void {
    const { healthPath: _, readyPath: __, drain, ...options } = this.#options;
    const address = server.address();
    const port = options.port ?? (isAddress(address) ? address.port : undefined);
    if (port === undefined)
      throw new SdkError('INVALID_ARGUMENT', 'A server on a socket file can’t be registered.');
    const at = isAddress(address) && isOne(address.address) ? { address: address.address } : {};
    this.#registered = this.#mesh.register({
      ...{ ...at, ...options, port },
      background: true,
      drain: {
        ...drain,
        begin: () => {
          this.#draining = true;
        },
        idle: (signal) => this.#left(server, signal),
      },
    });
    this.#registered.catch(() => {
      // In the background only what makes no sense fails: whoever asks for the registration hears of it.
    });
  }

  /** Resolves when the server is done, or has been broken off. */
  async #left(server: Server, signal: AbortSignal): Promise<void> {
    const breakOff = () => server.closeAllConnections();
    signal.addEventListener('abort', breakOff, { once: true });
    try {
      server.closeIdleConnections();
      while (this.#active > 0 && !signal.aborted) {
        this.#idle = Promise.withResolvers();
        await Promise.race([this.#idle.promise, aborted(signal)]);
      }
      await this.#finish(server);
    } finally {
      signal.removeEventListener('abort', breakOff);
    }
  }
}

const OK: HealthAnswer = { statusCode: 200, body: { status: 'ok' } };
const NOT_READY: HealthAnswer = { statusCode: 503, body: { status: 'not ready' } };
const DRAINING: HealthAnswer = { statusCode: 503, body: { status: 'draining' } };
const READINESS_TIMEOUT = 5_000;

function closed(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  return promise;
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

/** One address, and not all that the machine has. */
function isOne(address: string): boolean {
  return address !== '0.0.0.0' && address !== '::';
}
