import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { silentServer, until } from '@meshkeeper/testbed';
import { type Cluster, duration } from '@meshkeeper/xds';
import type { Endpoint } from '../../src/upstream/endpoint.ts';
import type { UpstreamFailure } from '../../src/upstream/failure.ts';
import { backend, rawBackend } from '../fixture.ts';
import { loopback, startCluster, type TestCluster } from './test-cluster.ts';

/** Asks for a raw connection; gives the socket or the failure. */
function dial({ cluster }: TestCluster, to: Endpoint = cluster.pick()!) {
  const { promise, resolve } = Promise.withResolvers<Socket | UpstreamFailure>();
  const tunnel = cluster.connect(to, { connected: resolve, failed: resolve });
  return { tunnel, result: promise };
}

const echo = () => rawBackend((socket, text) => socket.write(`echo ${text}`));

test('bytes go both ways, and the connection counts while it lasts', async () => {
  await using server = await echo();
  await using web = startCluster({}, loopback([server.port]));
  const socket = await dial(web).result;
  assert('write' in socket);
  socket.write('hello');
  const [answer] = await once(socket, 'data');
  assert.equal(String(answer), 'echo hello');
  assert.equal(web.cluster.connections, 1);
  assert.equal(web.endpoint(server.port).load?.active, 1);
  socket.destroy();
  await until(() => web.cluster.connections === 0);
  assert.equal(web.endpoint(server.port).load?.active, 0);
});

test('who can’t be reached is ejected, and not asked again', async () => {
  const gone = await backend(() => {});
  await gone.kill();
  await using lives = await echo();
  const message: Cluster = {
    outlierDetection: { consecutive_5xx: { value: 2 }, maxEjectionPercent: { value: 50 } },
  };
  await using web = startCluster(message, loopback([gone.port, lives.port]));
  const results: (Socket | UpstreamFailure)[] = [];
  for (let i = 0; i < 20; i++) results.push(await dial(web).result);
  const failures = results.filter((each) => 'reason' in each);
  assert.equal(failures.length, 2);
  assert(failures.every(({ reason }) => reason === 'connect'));
  assert.deepEqual(web.events.at(-1), `ejected ${gone.port} consecutive-5xx`);
});

test('a connection takes no longer than it may, and can be given up', async () => {
  await using silent = await silentServer();
  const message = { connectTimeout: duration(50) };
  await using web = startCluster(message, loopback([silent.port]));
  const slow = await dial(web).result;
  assert('reason' in slow && slow.detail === 'connecting took too long');
  const { tunnel, result } = dial(web);
  void result.then(() => assert.fail('who gave up hears no more'));
  tunnel.cancel();
  await until(() => web.cluster.connections === 0);
  assert.deepEqual(web.events, [`connect-failed ${silent.port}`], 'giving up is no failure');
});

test('no more connections than there may be', async () => {
  await using server = await echo();
  const message = { circuitBreakers: { thresholds: [{ maxConnections: { value: 1 } }] } };
  await using web = startCluster(message, loopback([server.port]));
  const first = await dial(web).result;
  assert('write' in first);
  const second = await dial(web).result;
  assert('reason' in second && second.reason === 'overflow');
  dial(web).tunnel.cancel();
  first.destroy();
  await until(() => web.cluster.connections === 0);
  assert('write' in (await dial(web).result));
});

test('connections outlive their endpoint’s place, and end with its health where that is asked for', async () => {
  const said = { status: 200 };
  await using status = await backend((_, response) => {
    response.statusCode = said.status;
    response.end();
  });
  await using server = await echo();
  const message = (closeConnectionsOnHostHealthFailure: boolean): Cluster => ({
    closeConnectionsOnHostHealthFailure,
    ignoreHealthOnHostRemoval: true,
    healthChecks: [
      {
        ...{ timeout: duration(1000), interval: duration(20), altPort: { value: status.port } },
        ...{ unhealthyThreshold: { value: 1 }, healthyThreshold: { value: 1 } },
        httpHealthCheck: { path: '/' },
      },
    ],
  });
  await using web = startCluster(message(false), loopback([server.port]));
  const socket = await dial(web).result;
  assert('write' in socket);
  said.status = 500;
  await until(() => web.events.at(-1) === `failing ${server.port}`);
  web.update({ endpoints: loopback([]) });
  socket.write('still');
  const [answer] = await once(socket, 'data');
  assert.equal(String(answer), 'echo still');

  said.status = 200;
  web.update({ cluster: message(true), endpoints: loopback([server.port]) });
  await until(() => web.events.at(-1) === `passing ${server.port}`);
  const other = await dial(web).result;
  assert('write' in other);
  const closed = once(other, 'close');
  said.status = 500;
  await closed;
});
