import { setTimeout as pause } from 'node:timers/promises';
import { CliError, ExitCode } from './exit-code.ts';
import type { GlobalOptions } from './global-options.ts';
import { serverEvents } from './server-events.ts';
import { didYouMean } from './similar.ts';

const TIMEOUT = 10_000;
/** Milliseconds between two looks at what can't be followed. */
const POLL = 1_000;

/** A server-sent event of the API. */
export interface ServerEvent<T> {
  readonly event: string;
  readonly data: T;
}

/** Calls the control plane's API. What it refuses becomes a sentence and an exit code. */
export class ApiClient {
  readonly #server: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ server, token = process.env.MESHKEEPER_TOKEN }: GlobalOptions) {
    this.#server = server.replace(/\/$/, '');
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  get<T>(path: string): Promise<T> {
    return this.#call('GET', path);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#call('PUT', path, body);
  }

  /** @param timeout in milliseconds */
  post<T>(path: string, body: unknown, timeout?: number): Promise<T> {
    return this.#call('POST', path, body, timeout);
  }

  async delete(path: string): Promise<void> {
    await this.#call('DELETE', path);
  }

  /** The server-sent events of a path, until its end. */
  async *events<T>(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent<T>> {
    const { body } = await this.#fetch(path, { headers: this.#headers, signal });
    // As below: T is what the API's documentation says.
    for await (const { event, data } of serverEvents(body ?? new ReadableStream()))
      yield { event, data: JSON.parse(data) as T };
  }

  /** What a path says, now and after each change. */
  async *states<T>(path: string, signal: AbortSignal): AsyncGenerator<T> {
    const watched = `${path}${path.includes('?') ? '&' : '?'}watch`;
    const response = await this.#fetch(watched, { headers: this.#headers, signal });
    const streams = response.headers.get('content-type')?.startsWith('text/event-stream');
    if (streams && response.body !== null)
      for await (const { event, data } of serverEvents(response.body))
        yield event === 'state' ? (JSON.parse(data) as T) : await this.get<T>(path);
    else {
      // A control plane that doesn't tell of changes there is asked again and again.
      yield (await response.json()) as T;
      for (;;) {
        await pause(POLL, undefined, { signal });
        yield await this.get<T>(path);
      }
    }
  }

  async #call<T>(method: string, path: string, body?: unknown, timeout = TIMEOUT): Promise<T> {
    const response = await this.#fetch(path, {
      method,
      headers: {
        ...this.#headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeout),
    });
    // What the API answers is the API's to promise; T is what its documentation says.
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.#server}/api/v1${path}`, init);
    } catch (cause) {
      throw new CliError(
        `no control plane answers at ${this.#server}: start one with "meshkeeper up", or say where it is with --server`,
        ExitCode.FAILED,
        { cause },
      );
    }
    if (response.ok) return response;
    const { code, detail } = await problemOf(response);
    const { status } = response;
    if (status === 401) throw new CliError(`${detail}; pass --token, or set MESHKEEPER_TOKEN`);
    if (status === 403) throw new CliError(`${detail}; pass the --token of somebody who may`);
    if (status !== 404) throw new CliError(detail);
    throw new CliError(`${detail}${await this.#meant(code, path)}`, ExitCode.NOT_FOUND);
  }

  /** The name that somebody has most likely meant who wrote one that there isn't. */
  async #meant(code: string | undefined, path: string): Promise<string> {
    const list = NAMES[code ?? ''];
    const [, , name, , id] = path.split(/[/?]/);
    if (list === undefined || name === undefined) return '';
    try {
      const asked = new URLSearchParams(path.split('?')[1]).get('to');
      const wrong = asked ?? decodeURIComponent(code === 'unknown-endpoint' ? (id ?? '') : name);
      return didYouMean(wrong, list.names(await this.get(list.path(name))));
    } catch {
      return ''; // it was only a help
    }
  }
}

/** A name as one part of an API path. */
export function segment(name: string): string {
  return encodeURIComponent(name);
}

/** Where the names are that there are, by the code that says that one isn't. */
const NAMES: Readonly<
  Record<string, { path(name: string): string; names(answer: Named): readonly string[] }>
> = {
  'unknown-service': {
    path: () => '/services',
    names: ({ services = [] }) => services.map(({ name }) => name),
  },
  'unknown-endpoint': {
    path: (name) => `/services/${name}/endpoints`,
    names: ({ endpoints = [] }) => endpoints.map(({ id }) => id),
  },
  'unknown-proxy': {
    path: () => '/proxies',
    names: ({ proxies = [] }) => proxies.map(({ id }) => id),
  },
};

interface Named {
  readonly services?: readonly { readonly name: string }[];
  readonly endpoints?: readonly { readonly id: string }[];
  readonly proxies?: readonly { readonly id: string }[];
}

async function problemOf(response: Response): Promise<{ code?: string; detail: string }> {
  let detail = `the control plane answered ${response.status}`;
  let code: string | undefined;
  try {
    const problem: unknown = await response.json();
    if (typeof problem === 'object' && problem !== null) {
      if ('detail' in problem) detail = String(problem.detail);
      if ('code' in problem) code = String(problem.code);
    }
  } catch {
    // No problem document: the status says what there is to say.
  }
  return { detail, ...(code !== undefined && { code }) };
}
