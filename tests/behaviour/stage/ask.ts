import { type RequestOptions, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { SecureContextOptions } from 'node:tls';
import { Client, type ClientOptions, credentials, Metadata, status } from '@grpc/grpc-js';
import type { Asked } from './echo.ts';

/** A request of HTTP. */
export interface Question {
  readonly method?: string;
  /** As it is sent. Default `/`. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  /** Several of one name are joined. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** What the echo was asked that answered; undefined when it was something else that did. */
  readonly asked: Asked | undefined;
  /** Milliseconds until all of it was there. */
  readonly took: number;
}

/** How a connection is made. */
export type Way = Pick<RequestOptions, 'agent' | 'localAddress'> & {
  /** Default: 127.0.0.1. */
  readonly address?: string;
  /** TLS with this authority, server name, and certificate of the client. */
  readonly tls?: SecureContextOptions & { readonly servername: string };
};

/** Asks `host` by way of a port of loopback, on a connection of its own unless there is an agent. */
export async function ask(
  port: number,
  host: string,
  question: Question = {},
  { tls, address = '127.0.0.1', agent = false, localAddress }: Way = {},
): Promise<Answer> {
  const { body, headers, ...rest } = question;
  const options = {
    host: address,
    port,
    agent,
    ...(localAddress !== undefined && { localAddress }),
    ...rest,
    headers: { host, ...headers },
    ...tls,
  };
  const begin = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = (tls === undefined ? request : secureRequest)(options, (response) => {
    const { statusCode = 0, headers: got } = response;
    const entries = Object.entries(got).map(([name, value]) => [name, String(value)]);
    text(response).then((content) => {
      const took = performance.now() - begin;
      const byEcho = got['x-from'] !== undefined && content !== '';
      const asked: Asked | undefined = byEcho ? JSON.parse(content) : undefined;
      const all = { headers: Object.fromEntries(entries), body: content, asked, took };
      resolve({ status: statusCode, ...all });
    }, reject);
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

/** A call of gRPC. */
export interface Call {
  /** Default `/test.Echo/Get`. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds. Default 10,000: no test waits for it. */
  readonly deadline?: number;
}

/** What became of it. */
export interface Outcome {
  /** The name of gRPC's status: `OK`. */
  readonly code: string;
  readonly details: string;
  /** What the echo was asked that answered. */
  readonly asked: Asked | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds until it ended. */
  readonly took: number;
}

const bytes = (value: Buffer) => value;

/** A way to call a service. */
export interface Calls extends Disposable {
  call(call?: Call): Promise<Outcome>;
}

/** A channel to a service. */
export class Caller implements Calls {
  readonly #client: Client;

  constructor([target, options]: readonly [string, ClientOptions]) {
    this.#client = new Client(target, credentials.createInsecure(), options);
  }

  call({ path = '/test.Echo/Get', headers = {}, deadline = 10_000 }: Call = {}): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const begin = performance.now();
    let got: Record<string, string> = {};
    const options = { deadline: Date.now() + deadline };
    const sent = this.#client.makeUnaryRequest(
      path,
      bytes,
      bytes,
      Buffer.alloc(0),
      metadata,
      options,
      (error, value) => {
        const { code, details } = error ?? { code: status.OK, details: '' };
        const asked: Asked | undefined = value && JSON.parse(value.toString());
        const took = performance.now() - begin;
        resolve({ code: status[code] ?? String(code), details, asked, headers: got, took });
      },
    );
    sent.on('metadata', (head) => {
      got = Object.fromEntries(
        Object.entries(head.getMap()).map(([name, value]) => [name, String(value)]),
      );
    });
    return promise;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
