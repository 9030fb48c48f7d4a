import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isForeign } from '../../src/api/origins.ts';
import { isOwnHost } from '../../src/api/own-host.ts';

test('only requests by a name of its own are meant for it', () => {
  const own = { listen: '0.0.0.0', allowed: ['mesh.example'] };
  const is = (host: string | undefined, local = '10.0.0.5') => isOwnHost(host, local, own);
  for (const host of ['localhost:7070', '127.0.0.1', '127.9.9.9:1', '[::1]:7070', 'a.localhost'])
    assert.ok(is(host), host);
  assert.ok(is('10.0.0.5:7070') && is('10.0.0.5', '::ffff:10.0.0.5') && is('MESH.example.:7070'));
  for (const host of [undefined, '', ':7070', 'evil.example', '10.0.0.6', 'localhost.evil.example'])
    assert.ok(!is(host), String(host));
  for (const host of ['127.evil.example', 'mesh.example.evil', 'a@mesh.example', 'x:y:z'])
    assert.ok(!is(host), host);
  assert.ok(isOwnHost('any.example', '1.2.3.4', { listen: '0.0.0.0', allowed: ['*'] }));
});

test('pages of other sites are told by what browsers say; who is no browser is not held up', () => {
  const plain = { method: 'POST', host: 'localhost:7070', origin: undefined, site: undefined };
  const from = (said: object) =>
    isForeign({ ...plain, mode: undefined, ...said }, ['https://ops.example']);
  assert.ok(!from({}));
  assert.ok(!from({ origin: 'http://localhost:7070', site: 'same-origin' }));
  assert.ok(!from({ origin: 'https://ops.example', site: 'cross-site' }));
  for (const origin of [
    'http://evil.example',
    'null',
    'http://localhost:7071',
    'https://ops.example.evil',
  ])
    assert.ok(from({ origin }), origin);
  for (const site of ['cross-site', 'same-site']) assert.ok(from({ site }), site);
  assert.ok(!from({ method: 'GET', site: 'cross-site', mode: 'navigate' }), 'a link');
  assert.ok(from({ method: 'GET', site: 'cross-site', mode: 'no-cors' }), 'an image');
});
