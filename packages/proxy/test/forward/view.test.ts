import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRequestHead } from '../../src/forward/request-head.ts';
import { View } from '../../src/forward/view.ts';

const CLIENT = {
  ...{ remoteAddress: '127.0.0.1', remotePort: 1, localAddress: '127.0.0.1', localPort: 2 },
  secure: false,
};
const RULES = { underscores: 'allow', codec: { maxRequestHeaders: 100 } } as const;

test('routes see headers as they go on: lists in one, and nothing of the connection', () => {
  const fields = [
    ...['Host', 'a', 'Cookie', 'a=1', 'Cookie', 'b=2', 'X-List', '1', 'x-list', '2'],
    ...['Connection', 'x-secret, upgrade', 'X-Secret', 'no', 'Upgrade', 'websocket', 'TE', 'gzip'],
    ...['Content-Length', '3', 'X-Forwarded-For', '1.1.1.1', 'X-Forwarded-For', '2.2.2.2'],
    ...['Keep-Alive', '1', 'Expect', '100-continue'],
  ];
  const head = readRequestHead('POST', '/p?q=1', fields, true, RULES);
  assert(!('message' in head));
  const view = new View(head, '/p?q=1', 'https', CLIENT, Math.random);
  const expected: Record<string, string | undefined> = {
    cookie: 'a=1; b=2',
    'x-list': '1,2',
    'x-secret': undefined,
    upgrade: 'websocket',
    te: undefined,
    'content-length': '3',
    'x-forwarded-for': '1.1.1.1, 2.2.2.2',
    connection: undefined,
    'keep-alive': undefined,
    expect: undefined,
    host: undefined,
  };
  for (const [name, value] of Object.entries(expected))
    assert.equal(view.header(name), value, name);
  assert.deepEqual([view.path, view.query, view.authority], ['/p', 'q=1', 'a']);
  assert.equal(
    view.some('x-list', (value) => value === '2'),
    true,
  );
  assert.equal(
    view.some('x-list', (value) => value === '1,2'),
    false,
  );
  assert.equal(
    view.some('x-none', () => true),
    undefined,
  );
  assert.equal(
    view.some('content-length', (value) => value === '3'),
    true,
  );
});
