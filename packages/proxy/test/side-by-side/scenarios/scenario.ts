import assert from 'node:assert/strict';
import type { HeaderAppendAction, VirtualHost } from '@meshkeeper/xds';
import { type Answer, type Call, echoed } from '../caller.ts';

/** What is expected of the answer to a request: of the echo's, what it was asked. */
export interface Expected {
  readonly status?: number;
  /** The cluster that answered. */
  readonly at?: string;
  readonly url?: string;
  readonly body?: string;
  /** Headers that the endpoint got; undefined for none. */
  readonly got?: Readonly<Record<string, string | undefined>>;
  /** Headers that the client got. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
}

/** A virtual host, and what becomes of requests for it. */
export interface Scenario {
  readonly host: VirtualHost;
  /** Default: `<number>.test`. */
  readonly authority?: string;
  readonly calls: readonly (readonly [Call, Expected])[];
}

/** Scenarios by what they are about. */
export type Scenarios = Readonly<Record<string, Scenario>>;

/** The way to a cluster. */
export const to = (cluster: string) => ({ route: { cluster } });

/** A request for a path. */
export const get = (path: string, headers: Call['headers'] = {}): Call => ({ path, headers });

/** A header that is added. */
export const header = (key: string, value: string, appendAction?: HeaderAppendAction) => ({
  header: { key, value },
  ...(appendAction === undefined ? {} : { appendAction }),
});

/** What came back is what was expected. */
export function check(answer: Answer, expected: Expected, where: string): void {
  const asked = echoed(answer);
  const status = expected.status ?? 200;
  assert.equal(answer.status, status, `${where}: ${answer.body}`);
  if (expected.at !== undefined) assert.equal(asked?.at, expected.at, where);
  if (expected.url !== undefined) assert.equal(asked?.url, expected.url, where);
  if (expected.body !== undefined) assert.equal(answer.body, expected.body, where);
  for (const [key, value] of Object.entries(expected.got ?? {})) {
    assert.equal(asked?.headers[key], value, `${where}: ${key} that the endpoint got`);
  }
  for (const [key, value] of Object.entries(expected.headers ?? {})) {
    assert.deepEqual(answer.headers[key], value, `${where}: ${key} that the client got`);
  }
}
