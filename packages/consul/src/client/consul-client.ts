import { readFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { ConsulError, codeOf } from '../consul-error.ts';
import type { ConnectionSettings } from '../settings/connection.ts';

/** A query's answer. */
export interface Answer {
  /** Of what it depends on; 0 where the answer has none. */
  readonly index: number;
  /** Some of it was left out: the token may not see it. */
  readonly filtered: boolean;
  readonly body: unknown;
}

/** What a query says besides its path. */
export interface QueryOptions {
  readonly signal: AbortSignal;
  readonly datacenter?: string | undefined;
  /** Answer when what there is has another index than this, or `wait` milliseconds are over. */
  readonly blocking?: { readonly index: number; readonly wait: number } | undefined;
}

/** What a write was answered with: 409 is an answer, too. */
export interface Written {
  readonly status: 200 | 409;
  readonly body: unknown;
}

/** Beyond what a query waits for, milliseconds until an agent that says nothing is given up. */
const PATIENCE = 15_000;
/** Of an answer, in bytes: more than the greatest catalogs have. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Speaks to one agent, over so many connections at most. */
export class ConsulClient implements Disposable {
  readonly #settings: ConnectionSettings;
  readonly #agent: Agent | SecureAgent;
  #token: string | undefined;

  private constructor(settings: ConnectionSettings, agent: Agent | SecureAgent) {
    this.#settings = settings;
    this.#agent = agent;
  }

  /**
   * Reads what the settings name.
   * @param connections at once; further requests wait for one of them
   * @param resolve makes a path absolute
   * @throws ConsulError `invalid-settings` for a file or variable that isn't there
   */
  static async open(
    settings: ConnectionSettings,
    connections: number,
    resolve: (path: string) => string,
  ): Promise<ConsulClient> {
    const read = async (path: string) => {
      try {
        return await readFile(resolve(path), 'utf8');
      } catch (cause) {
        throw new ConsulError('invalid-settings', `the file ${path} can't be read`, { cause });
      }
    };
    const { address, tls = {}, token } = settings;
    const pool = { keepAlive: true, maxSockets: connections };
    const { ca, certificate, key, serverName } = tls;
    const agent = address.startsWith('https:')
      ? new SecureAgent({
          ...pool,
          ...(ca !== undefined && { ca: await read(ca) }),
          ...(certificate !== undefined && { cert: await read(certificate) }),
          ...(key !== undefined && { key: await read(key) }),
          ...(serverName !== undefined && { servername: serverName }),
        })
      : new Agent(pool);
    const file = token?.file;
    const client = new ConsulClient(
      { ...settings, ...(file !== undefined && { token: { file: resolve(file) } }) },
      agent,
    );
    await client.#readToken();
    return client;
  }

  /** @throws ConsulError */
  async get(path: string, { signal, datacenter, blocking }: QueryOptions): Promise<Answer> {
    const query = new URLSearchParams();
    if (datacenter !== undefined) query.set('dc', datacenter);
    if (blocking !== undefined) {
      query.set('index', String(blocking.index));
      query.set('wait', `${Math.ceil(blocking.wait)}ms`);
    }
    // As Consul stretches it, so that not all come back at once.
    const wait = Math.ceil((blocking?.wait ?? 0) * (1 + 1 / 16));
    const patience = PATIENCE + wait;
    const { headers, body } = await this.#send(
      'GET',
      `${path}?${query}`,
      undefined,
      patience,
      signal,
    );
    if (headers['x-consul-knownleader'] === 'false')
      throw new ConsulError('failed', 'the agent knows no leader: what it says may be old');
    const index = Number(headers['x-consul-index'] ?? 0);
    return {
      index: Number.isSafeInteger(index) ? index : 0,
      filtered: headers['x-consul-results-filtered-by-acls'] === 'true',
      body,
    };
  }

  /** @throws ConsulError */
  async put(
    path: string,
    content: unknown,
    { signal, datacenter }: Omit<QueryOptions, 'blocking'>,
  ): Promise<Written> {
    const query = datacenter === undefined ? '' : `?${new URLSearchParams({ dc: datacenter })}`;
    const text = JSON.stringify(content);
    const { status, body } = await this.#send('PUT', path + query, text, PATIENCE, signal);
    return { status: status === 409 ? 409 : 200, body };
  }

  /** Ends it. Idempotent. */
  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #send(
    method: 'GET' | 'PUT',
    path: string,
    content: string | undefined,
    patience: number,
    signal: AbortSignal,
  ) {
    const late = AbortSignal.timeout(patience);
    const token = this.#token;
    try {
      const message = await this.#request(method, path, content, AbortSignal.any([signal, late]));
      const text = await textOf(message);
      const { statusCode: status = 0, headers } = message;
      if (status === 200 || (status === 409 && method === 'PUT'))
        return { status, headers, body: JSON.parse(text) as unknown };
      // A file's token may have been replaced meanwhile.
      if (status === 403) await this.#readToken().catch(() => {});
      const [what] = path.split('?');
      throw new ConsulError(
        codeOf(status),
        `Consul answers ${method} ${what} with ${status}: ${withoutToken(text, token)}`,
      );
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof ConsulError) throw cause;
      const why = late.aborted ? `no answer in ${patience} ms` : messageOf(cause);
      const { origin } = new URL(this.#settings.address);
      throw new ConsulError('unreachable', `Consul at ${origin} can't be reached: ${why}`, {
        cause,
      });
    }
  }

  #request(
    method: string,
    path: string,
    content: string | undefined,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const url = new URL(this.#settings.address);
    url.pathname = `${url.pathname.replace(/\/$/, '')}`;
    const send = url.protocol === 'https:' ? secureRequest : plainRequest;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = send(
      `${url.href.replace(/\/$/, '')}${path}`,
      {
        method,
        agent: this.#agent,
        signal,
        headers: {
          ...(this.#token !== undefined && { 'x-consul-token': this.#token }),
          ...(content !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(content),
          }),
        },
      },
      resolve,
    );
    request.on('error', reject);
    request.end(content);
    return promise;
  }

  async #readToken(): Promise<void> {
    const { token } = this.#settings;
    if (token?.env !== undefined) {
      this.#token = process.env[token.env]?.trim();
      if (!this.#token)
        throw new ConsulError('invalid-settings', `there is no environment variable ${token.env}`);
    }
    if (token?.file === undefined) return;
    try {
      this.#token = (await readFile(token.file, 'utf8')).trim();
    } catch (cause) {
      throw new ConsulError('invalid-settings', `the token's file ${token.file} can't be read`, {
        cause,
      });
    }
  }
}

async function textOf(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of message) {
    size += part.length;
    if (size > MOST_BYTES) throw new Error('the answer is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** Of what an agent answers, the beginning. */
function withoutToken(text: string, token: string | undefined): string {
  const plain = token ? text.replaceAll(token, '<token>') : text;
  return plain.trim().slice(0, 200);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
