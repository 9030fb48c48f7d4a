import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { type Cluster, duration } from '@meshkeeper/xds';
import { backend, rawBackend } from '../fixture.ts';
import { http2Backend } from '../http2-backend.ts';
import { HTTP2 } from './http2-options.ts';
import { Collector, GET, loopback, startCluster, type TestCluster } from './test-cluster.ts';

type Stated = NonNullable<Cluster['outlierDetection']>;

/** A cluster that may eject all of its endpoints but one of three. */
const watched = (stated: Stated): Cluster => ({
  outlierDetection: { maxEjectionPercent: { value: 70 }, ...stated },
  commonLbConfig: { healthyPanicThreshold: { value: 0 } },
});

/** A backend that answers with the status that it is told. */
async function stateful(status = 200) {
  const said = { status };
  const server = await backend((_, response) => {
    response.statusCode = said.status;
    response.end();
  });
  return { server, said, port: server.port };
}

/** Ports that are picked. */
function picked({ cluster }: TestCluster): number[] {
  const ports = Array.from({ length: 30 }, () => cluster.pick()?.port ?? 0);
  return [...new Set(ports)].sort();
}

test('five 5xx in a row eject, and the ejection ends', async () => {
  const [bad, good, other] = [await stateful(500), await stateful(), await stateful()];
  await using _ = bad.server;
  await using __ = good.server;
  await using ___ = other.server;
  const ports = [bad.port, good.port, other.port];
  const message = watched({ interval: duration(20), baseEjectionTime: duration(60) });
  await using web = startCluster(message, loopback(ports));
  const to = web.endpoint(bad.port);
  for (let i = 0; i < 4; i++) await web.ask({ to });
  assert.deepEqual(web.events, []);
  await web.ask({ to });
  assert.deepEqual(web.events, [`ejected ${bad.port} consecutive-5xx`]);
  assert.deepEqual(picked(web), [good.port, other.port].sort());
  bad.said.status = 200;
  await until(() => web.events.length === 2);
  assert.deepEqual(web.events[1], `returned ${bad.port}`);
  assert.deepEqual(picked(web), [...ports].sort());
});

test('an update keeps ejections, and what is counted; other limits hold from then on', async () => {
  const [bad, worse, good] = [await stateful(500), await stateful(503), await stateful()];
  await using _ = bad.server;
  await using __ = worse.server;
  await using ___ = good.server;
  const ports = [bad.port, worse.port, good.port];
  await using web = startCluster(watched({ consecutive_5xx: { value: 3 } }), loopback(ports));
  for (let i = 0; i < 3; i++) await web.ask({ to: web.endpoint(bad.port) });
  for (let i = 0; i < 2; i++) await web.ask({ to: web.endpoint(worse.port) });
  web.update({ endpoints: loopback([...ports, 1]) });
  assert(web.endpoint(bad.port).ejected);
  const gateway = {
    consecutive_5xx: { value: 9 },
    consecutiveGatewayFailure: { value: 3 },
    enforcingConsecutiveGatewayFailure: { value: 100 },
  };
  web.update({ cluster: watched(gateway) });
  await web.ask({ to: web.endpoint(worse.port) });
  assert.deepEqual(web.events, [
    `ejected ${bad.port} consecutive-5xx`,
    `ejected ${worse.port} consecutive-gateway-failure`,
  ]);
  assert.deepEqual(picked(web), [1, good.port].sort());
  web.update({ cluster: { commonLbConfig: { healthyPanicThreshold: { value: 0 } } } });
  assert.equal(picked(web).length, 4, 'without outlier detection nobody is ejected');
});

test('connections that fail, or break, count by themselves where that is asked for', async () => {
  const gone = await stateful();
  await gone.server.kill();
  await using breaking = await rawBackend((socket) => socket.destroy());
  const good = await stateful();
  await using _ = good.server;
  const message = watched({
    splitExternalLocalOriginErrors: true,
    consecutiveLocalOriginFailure: { value: 2 },
  });
  const ports = [gone.port, breaking.port, good.port];
  await using web = startCluster(message, loopback(ports));
  for (const port of [gone.port, breaking.port]) {
    for (let i = 0; i < 2; i++) await web.ask({ to: web.endpoint(port) });
  }
  assert.deepEqual(
    web.events.filter((event) => event.startsWith('ejected')),
    [gone.port, breaking.port].map((port) => `ejected ${port} consecutive-local-origin-failure`),
  );
  assert.deepEqual(picked(web), [good.port]);
});

test('one that does not answer in time has failed, one that is given up for another reason not', async () => {
  await using silent = await rawBackend(() => {});
  const message = watched({ consecutive_5xx: { value: 2 }, alwaysEjectOneHost: { value: true } });
  await using web = startCluster(message, loopback([silent.port]));
  const to = web.endpoint(silent.port);
  for (const reason of ['unwanted', 'unwanted', 'timeout', 'unwanted', 'timeout'] as const) {
    assert.deepEqual(web.events, []);
    const stream = web.cluster.open(to, GET, new Collector(to), { idleTimeout: 0 });
    stream.cancel(reason);
    assert.equal(web.cluster.activeRequests, 0);
  }
  assert.deepEqual(web.events, [`ejected ${silent.port} consecutive-5xx`]);
});

test('who succeeds less often than the others is ejected, once enough is known', async () => {
  const servers = await Promise.all(Array.from({ length: 5 }, () => stateful()));
  const ports = servers.map(({ port }) => port);
  const message = watched({
    interval: duration(50),
    consecutive_5xx: { value: 1000 },
    successRateRequestVolume: { value: 20 },
    successRateStdevFactor: { value: 1900 },
  });
  await using web = startCluster(message, loopback(ports));
  servers[0]!.said.status = 500;
  await until(async () => {
    await Promise.all(
      ports.flatMap((port) =>
        Array.from({ length: 25 }, () => web.ask({ to: web.endpoint(port) })),
      ),
    );
    return web.events.length > 0;
  });
  assert.deepEqual(web.events[0], `ejected ${ports[0]} success-rate`);
  for (const { server } of servers) await server.kill();
});

test('what gRPC says in its head counts, not the 200 around it', async () => {
  await using rpc = await http2Backend((_, response) => {
    response.writeHead(200, { 'content-type': 'application/grpc', 'grpc-status': '14' });
    response.end();
  });
  const message = {
    ...watched({ consecutive_5xx: { value: 2 }, alwaysEjectOneHost: { value: true } }),
    ...HTTP2,
  };
  await using web = startCluster(message, loopback([rpc.port]));
  const to = web.endpoint(rpc.port);
  for (let i = 0; i < 2; i++) assert.equal((await web.ask({ to })).status, 200);
  assert.deepEqual(web.events, [`ejected ${rpc.port} consecutive-5xx`]);
});
