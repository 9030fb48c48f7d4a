import { type RequestListener, request } from 'node:http';

/** A request of a test. */
export interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends a request to `host` by way of a gateway's port. */
export function call(port: number, host: string, { body, ...options }: Call = {}): Promise<Answer> {
  const headers = { host, ...options.headers };
  return new Promise((resolve, reject) => {
    const target = { host: '127.0.0.1', port, agent: false, ...options, headers };
    const sent = request(target, (response) => {
      let text = '';
      response.setEncoding('latin1').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** What an {@link echo} was asked. */
export interface Echo {
  readonly at: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** A handler that answers with what it was asked. */
export function echo(at: string): RequestListener {
  return (incoming, response) => {
    let body = '';
    incoming.setEncoding('latin1').on('data', (piece: string) => {
      body += piece;
    });
    incoming.on('end', () => {
      const { method, url, headers } = incoming;
      response.writeHead(200, { 'x-from': at, 'x-twice': ['a', 'b'] });
      response.end(JSON.stringify({ at, method, url, headers, body }));
    });
  };
}

/** What the echo says that it was asked; undefined when it was not it that answered. */
export function echoed({ headers, body }: Answer): Echo | undefined {
  if (headers['x-from'] === undefined) return undefined;
  const asked: Echo = JSON.parse(body);
  return asked;
}
