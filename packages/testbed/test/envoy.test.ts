import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { type Envoy, skipWithout, startEnvoy, TestbedError } from '../src/index.ts';

const skip = skipWithout('envoy');
const backend = createServer((request, response) => response.end(`backend got ${request.url}`));
let envoy: Envoy;

before(async () => {
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  if (!skip) envoy = await startEnvoy({ config: bootstrap() });
});
after(async () => {
  await envoy?.close();
  backend.close();
});

test('a static bootstrap routes a request', { skip }, async () => {
  const ports = await envoy.listenerPorts();
  assert.deepEqual(Object.keys(ports), ['web']);
  const response = await fetch(`http://127.0.0.1:${ports.web}/hello`);
  assert.equal(await response.text(), 'backend got /hello');
});

test('the administration interface is reachable', { skip }, async () => {
  assert.match(await envoy.admin('/ready'), /LIVE/);
  assert.match(await envoy.admin('/logging?level=warning', { method: 'POST' }), /warning/);
  await assert.rejects(envoy.admin('/nowhere'), { code: 'command-failed' });
});

test('two Envoys run side by side, from YAML text', { skip }, async () => {
  await using other = await startEnvoy({ config: 'node: { id: other, cluster: test }\n' });
  assert.match(await other.admin('/server_info'), /"id": "other"/);
  assert.notEqual(other.adminUrl, envoy.adminUrl);
});

test('an administration section of the bootstrap is kept', { skip }, async () => {
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
  const config = JSON.stringify({ admin: { address, ignore_global_conn_limit: true } });
  await using other = await startEnvoy({ config });
  assert.match(await other.admin('/config_dump'), /ignore_global_conn_limit/);
});

test('a wrong bootstrap fails with what Envoy said', { skip }, async () => {
  await assert.rejects(startEnvoy({ config: { no_such_field: 1 } }), (error) => {
    assert(error instanceof TestbedError);
    assert.equal(error.code, 'start-failed');
    assert.match(error.message, /no_such_field/);
    return true;
  });
});

test('a start is given up on abort', { skip }, async () => {
  const reason = new Error('enough');
  const start = startEnvoy({ config: {}, signal: AbortSignal.abort(reason) });
  await assert.rejects(start, reason);
});

function bootstrap(): Record<string, unknown> {
  const address = backend.address();
  assert(typeof address === 'object' && address);
  const socket = (port_value: number) => ({ socket_address: { address: '127.0.0.1', port_value } });
  const route = { match: { prefix: '/' }, route: { cluster: 'backend' } };
  const manager = {
    '@type':
      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'web',
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [route] }] },
    http_filters: [
      {
        name: 'router',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
        },
      },
    ],
  };
  const filters = [{ name: 'http', typed_config: manager }];
  const endpoint = { endpoint: { address: socket(address.port) } };
  return {
    static_resources: {
      listeners: [{ name: 'web', address: socket(0), filter_chains: [{ filters }] }],
      clusters: [
        {
          name: 'backend',
          connect_timeout: '1s',
          load_assignment: {
            cluster_name: 'backend',
            endpoints: [{ lb_endpoints: [endpoint] }],
          },
        },
      ],
    },
  };
}
