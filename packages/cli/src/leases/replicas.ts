import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { CliError } from '../exit-code.ts';
import type { GlobalOptions } from '../global-options.ts';

/** What a replica answered. */
export interface ReplicaAnswer {
  readonly status: number;
  /** Of a problem document. */
  readonly code: string | undefined;
  readonly detail: string;
  readonly body: unknown;
}

/** A request to whichever replica answers. */
export interface ReplicaRequest {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends it; the connection is closed. */
  readonly signal: AbortSignal;
}

/**
 * The replicas of the control plane that `--server` names, separated by commas. A request goes to the
 * one that has answered last; when that does not answer, the next request goes to the next. Not by
 * `fetch`, which waits for no answer longer than five minutes.
 */
export class Replicas {
  readonly #servers: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  #at = 0;

  constructor({ server, token = process.env.MESHKEEPER_TOKEN }: GlobalOptions) {
    this.#servers = server.split(',').map((url) => url.trim().replace(/\/$/, ''));
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  get count(): number {
    return this.#servers.length;
  }

  /**
   * Asks one replica. One that can't serve, as when ZooKeeper is away, is as good as none.
   * @throws CliError when it does not answer; the signal's reason
   */
  async ask(request: ReplicaRequest): Promise<ReplicaAnswer> {
    const server = this.#servers[this.#at % this.#servers.length]!;
    let answer: ReplicaAnswer;
    try {
      answer = await this.#send(server, request);
    } catch (cause) {
      this.#at++;
      request.signal.throwIfAborted();
      throw new CliError(
        `no control plane answers at ${this.#servers.join(', ')}: start one with "meshkeeper up", or say where it is with --server`,
        undefined,
        { cause },
      );
    }
    if (answer.status >= 500) {
      this.#at++;
      throw new CliError(`${server}: ${answer.detail}`);
    }
    return answer;
  }

  async #send(server: string, request: ReplicaRequest): Promise<ReplicaAnswer> {
    const { method, path, body, headers, signal } = request;
    const url = new URL(`${server}/api/v1${path}`);
    const { promise, resolve, reject } = Promise.withResolvers<ReplicaAnswer>();
    const sent = (url.protocol === 'https:' ? requestHttps : requestHttp)(
      url,
      {
        ...{ method, signal, agent: false },
        headers: {
          ...this.#headers,
          ...headers,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
      },
      (response) => {
        text(response).then((said) => resolve(answerOf(response.statusCode ?? 0, said)), reject);
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }
}

function answerOf(status: number, said: string): ReplicaAnswer {
  let body: unknown;
  try {
    body = JSON.parse(said);
  } catch {
    // 204, or no API: the status says what there is to say.
  }
  const problem = typeof body === 'object' && body !== null ? body : {};
  const code = 'code' in problem ? String(problem.code) : undefined;
  const detail =
    'detail' in problem ? String(problem.detail) : `the control plane answered ${status}`;
  return { status, code, detail, body };
}
