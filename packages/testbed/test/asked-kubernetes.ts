import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { startKubernetes } from '@meshkeeper/testbed';

/** The one of this file, which is asked as plainly as can be. */
export const kubernetes = await startKubernetes({
  ...{ bookmarks: 100, patience: 50, namespaces: ['shop'] },
});
after(() => kubernetes.close());
const ca = await readFile(kubernetes.ca, 'utf8');

/** What was answered. */
export type Answer = {
  readonly code: number;
  readonly headers: Record<string, unknown>;
  /** Looked at member by member. */
  readonly body: ReturnType<typeof JSON.parse>;
};

interface Call {
  readonly body?: unknown;
  readonly type?: string;
  readonly token?: string;
}

/** One request, as plain as can be. */
export async function call(
  method: string,
  path: string,
  { body, type, token }: Call = {},
): Promise<Answer> {
  const sent = request(`${kubernetes.url}${path}`, {
    ...{ method, ca, agent: false },
    headers: {
      authorization: `Bearer ${token ?? kubernetes.token}`,
      'content-type': type ?? 'application/json',
    },
  });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return {
    code: response.statusCode,
    headers: response.headers,
    body: text.startsWith('{') ? JSON.parse(text) : text,
  };
}

/** The events of a watch, as they come. */
export async function watch(path: string) {
  const sent = request(`${kubernetes.url}${path}`, {
    ...{ ca, agent: false },
    headers: { authorization: `Bearer ${kubernetes.token}` },
  });
  sent.on('error', () => {});
  sent.end();
  const [response] = await once(sent, 'response');
  response.on('error', () => {});
  const events: Answer['body'][] = [];
  let ended = false;
  const reader = createInterface({ input: response });
  reader.on('error', () => {});
  reader.on('line', (line) => events.push(JSON.parse(line)));
  reader.on('close', () => {
    ended = true;
  });
  return {
    code: response.statusCode as number,
    events,
    get ended() {
      return ended;
    },
    [Symbol.dispose]: () => sent.destroy(),
  };
}

export const MAPS = '/api/v1/namespaces/shop/configmaps';
export const SLICES = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices';
export const SERVICES = '/api/v1/namespaces/shop/services';
export const LEASES = '/apis/coordination.k8s.io/v1/namespaces/shop/leases';
export const map = (name: string, data = {}) => ({ metadata: { name }, data });

/** Its status, and why. */
export function told({ code, body }: Answer) {
  return [code, body.reason];
}
