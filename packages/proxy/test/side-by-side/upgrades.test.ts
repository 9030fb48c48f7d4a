import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { skipWithout } from '@meshkeeper/testbed';
import type { Route } from '@meshkeeper/xds';
import { raw, rawBackend } from '../fixture.ts';
import { httpChain, listener, staticCluster } from '../stage.ts';
import { bothEngines } from './engines.ts';

const ASKS = 'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const AGREES =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

describe('upgrades do on both data planes', { skip: skipWithout('envoy') }, () => {
  const engines = bothEngines(async (stage, stack) => {
    const server = stack.use(
      await rawBackend((socket, text) => {
        if (!text.startsWith('GET')) socket.write(`got ${text}`);
        else if (text.includes('/no'))
          socket.write('HTTP/1.1 400 No\r\ncontent-length: 2\r\n\r\nno');
        else socket.write(`${AGREES}hello `);
      }),
    );
    stage.put('cluster', staticCluster('web', [server.port]));
    const upgradeConfigs = (enabled: boolean) => [
      { upgradeType: 'websocket', enabled: { value: enabled } },
    ];
    const route = (prefix: string, action: Route['route'] = {}): Route => ({
      match: { prefix },
      route: { cluster: 'web', ...action },
      responseHeadersToAdd: [{ header: { key: 'x-added', value: 'yes' } }],
    });
    const routes = [
      route('/off', { upgradeConfigs: upgradeConfigs(false) }),
      route('/on', { upgradeConfigs: upgradeConfigs(true) }),
      route('/'),
    ];
    const routeConfig = { virtualHosts: [{ name: 'all', domains: ['*'], routes }] };
    const allowed = { routeConfig, upgradeConfigs: [{ upgradeType: 'websocket' }] };
    stage.put('listener', listener('allowed', [httpChain(allowed)]));
    stage.put('listener', listener('not', [httpChain({ routeConfig })]));
  });

  const ask = (port: number, path: string, until?: string) =>
    raw(port, `GET ${path} HTTP/1.1\r\nHost: a\r\n${ASKS}`, until);

  test('a listener, or a route, says what clients may upgrade to', async () => {
    for (const { name, port } of engines) {
      for (const [listening, path] of [
        ['allowed', '/'],
        ['allowed', '/on'],
        ['not', '/on'],
      ] as const) {
        const socket = connect(port(listening), '127.0.0.1');
        let got = '';
        socket.setEncoding('latin1');
        socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n${ASKS}`);
        for await (const piece of socket) {
          got += piece;
          if (got.endsWith('hello ')) socket.write('ping');
          if (got.endsWith('got ping')) break;
        }
        assert.match(got, /^HTTP\/1\.1 101 /, `${name} ${listening} ${path}`);
        assert.match(got, /upgrade: websocket\r\n/i, name);
        assert.match(got, /x-added: yes\r\n/, name);
      }
      assert.match(await ask(port('allowed'), '/off'), /^HTTP\/1\.1 403 /, name);
    }
  });

  test('an endpoint may refuse', async () => {
    for (const { name, port } of engines) {
      assert.match(await ask(port('allowed'), '/no', '\r\n\r\nno'), /^HTTP\/1\.1 400 /, name);
    }
  });
});
