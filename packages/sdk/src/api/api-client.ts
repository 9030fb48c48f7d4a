import { type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { SdkError, type SdkErrorCode } from '../sdk-error.ts';

/** What the API says of a call that it refuses: RFC 9457. */
interface Problem {
  readonly code?: string;
  readonly detail?: string;
}

/** A call of the API. */
export interface ApiCall {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below `/api/v1`, percent-encoded. */
  readonly path: string;
  readonly body?: unknown;
  readonly ifMatch?: string;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** What a call was answered, or why it was not: `problem` is the API's stable code. */
export type ApiAnswer<T> =
  | { readonly type: 'done'; readonly value: T }
  | { readonly type: 'refused'; readonly problem: string; readonly error: SdkError }
  /** No server answered, or the one that did can't for the time being: the same may succeed later. */
  | { readonly type: 'away'; readonly error: SdkError };

const CODES: Readonly<Record<string, SdkErrorCode>> = {
  'invalid-request': 'INVALID_ARGUMENT',
  held: 'TIMEOUT',
  'unknown-lease': 'LOST',
};
const FIRST_SERVER_ERROR = 500;

/** Calls the control plane's API: one of its replicas, and another when that does not answer. */
export class ApiClient {
  readonly #servers: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  /** The one that answered last. */
  #at = 0;

  constructor(servers: readonly string[], token: string | undefined) {
    this.#servers = servers;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** The replica that answered last. */
  get server(): string {
    // `#at` stays within them.
    return this.#servers[this.#at]!;
  }

  /** Asks every replica once at most. @throws the signal's reason */
  async call<T>(call: ApiCall): Promise<ApiAnswer<T>> {
    let away: ApiAnswer<T> | undefined;
    for (let tries = 0; tries < this.#servers.length; tries++) {
      call.signal.throwIfAborted();
      const answer = await this.#ask<T>(this.#servers[this.#at]!, call);
      if (answer.type !== 'away') return answer;
      away = answer;
      this.#at = (this.#at + 1) % this.#servers.length;
    }
    // There is one server at least.
    return away!;
  }

  async #ask<T>(server: string, call: ApiCall): Promise<ApiAnswer<T>> {
    let response: { readonly status: number; readonly text: string };
    try {
      response = await this.#exchange(server, call);
    } catch (cause) {
      call.signal.throwIfAborted();
      const why = cause instanceof Error ? cause.message : String(cause);
      const message = `No control plane answers at ${server}: ${why}. Say where it is with connect({ server }) or MESHKEEPER_SERVER.`;
      return { type: 'away', error: new SdkError('NOT_CONNECTED', message, { cause }) };
    }
    const { status, text } = response;
    // What the API answers is the API's to promise; T is what its documentation says.
    if (status < 300) return { type: 'done', value: (text === '' ? undefined : parsed(text)) as T };
    const { code = String(status), detail = text } = (parsed(text) ?? {}) as Problem;
    if (status >= FIRST_SERVER_ERROR)
      return { type: 'away', error: new SdkError('NOT_CONNECTED', `${server}: ${detail}`) };
    return {
      type: 'refused',
      problem: code,
      error: new SdkError(CODES[code] ?? 'REFUSED', detail),
    };
  }

  /** By `node:http`, which does not end an answer that takes its time, as a wait for a lock does. */
  async #exchange(server: string, { method, path, body, ifMatch, signal }: ApiCall) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = server.startsWith('https:') ? overHttps : overHttp;
    const headers = {
      ...this.#headers,
      ...(text !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      }),
      ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = request(`${server}/api/v1${path}`, { method, headers, signal }, resolve);
    sent.on('error', reject);
    sent.end(text);
    const response = await promise;
    let answer = '';
    for await (const piece of response.setEncoding('utf8')) answer += piece;
    return { status: response.statusCode ?? 0, text: answer };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
