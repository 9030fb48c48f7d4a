import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { type Cluster, duration, HealthStatus, type LbEndpoint } from '@meshkeeper/xds';
import { CheckSlots } from '../../src/health/check-slots.ts';
import { backend, rawBackend } from '../fixture.ts';
import { loopback, startCluster } from '../upstream/test-cluster.ts';
import { COMMON, checked, http, patient, picked } from './checked-cluster.ts';

test('endpoints take requests from their first success on, and while they are well', async () => {
  const [one, other] = [await patient(), await patient(503)];
  await using _ = one.server;
  await using __ = other.server;
  await using web = startCluster(checked(http()), loopback([one.port, other.port]));
  assert.equal(web.cluster.pick(), undefined, 'as Envoy: unhealthy until it is known better');
  assert(!web.cluster.warm);
  await until(() => web.cluster.warm);
  assert.deepEqual(picked(web), [one.port]);
  assert.equal(web.endpoint(other.port).checks?.detail, 'status 503');
  other.said.status = 200;
  await until(() => web.events.includes(`passing ${other.port}`));
  assert.deepEqual(picked(web), [one.port, other.port].sort());
  await one.server.kill();
  await until(() => web.events.includes(`failing ${one.port}`));
  assert.deepEqual(picked(web), [other.port]);
});

test('of several checks all have to succeed', async () => {
  const web = await patient();
  await using _ = web.server;
  const tcp = { ...COMMON, tcpHealthCheck: {} };
  await using cluster = startCluster(checked(http(), tcp), loopback([web.port]));
  await until(() => cluster.cluster.pick());
  web.said.status = 500;
  await until(() => cluster.events.includes(`failing ${web.port}`));
  assert.equal(cluster.cluster.pick(), undefined);
  web.said.status = 200;
  await until(() => cluster.cluster.pick());
});

test('the control plane’s word and the checks’ are both needed', async () => {
  const web = await patient();
  await using _ = web.server;
  const stated = (healthStatus: HealthStatus) => loopback([web.port], { healthStatus });
  await using cluster = startCluster(checked(http()), stated(HealthStatus.UNHEALTHY));
  await until(() => cluster.cluster.warm);
  assert.equal(cluster.cluster.pick(), undefined);
  const { checks } = cluster.endpoint(web.port);
  for (const status of [HealthStatus.HEALTHY, HealthStatus.UNKNOWN, HealthStatus.DEGRADED]) {
    cluster.update({ endpoints: stated(status) });
    assert(cluster.cluster.pick());
  }
  cluster.update({ endpoints: stated(HealthStatus.DRAINING) });
  assert.equal(cluster.cluster.pick(), undefined);
  assert.equal(cluster.endpoint(web.port).checks, checks, 'checks go on across updates');
});

test('who is taken out is used while it is well, unless that is to be ignored', async () => {
  const [stays, leaves] = [await patient(), await patient()];
  await using _ = stays.server;
  await using __ = leaves.server;
  const both = loopback([stays.port, leaves.port]);
  await using web = startCluster(checked(http()), both);
  await until(() => picked(web).length === 2);
  web.update({ endpoints: loopback([stays.port]) });
  assert.equal(picked(web).length, 2);
  assert(web.endpoint(leaves.port).leaving);
  leaves.said.status = 500;
  await until(() => web.events.includes(`failing ${leaves.port}`));
  assert.deepEqual(
    [...web.cluster.endpoints].map(({ port }) => port),
    [stays.port],
  );

  leaves.said.status = 200;
  web.update({ endpoints: both });
  await until(() => picked(web).length === 2);
  web.update({ endpoints: loopback([stays.port]) });
  assert.equal(picked(web).length, 2);
  web.update({ cluster: { ...checked(http()), ignoreHealthOnHostRemoval: true } });
  assert.deepEqual(picked(web), [stays.port]);
});

test('newcomers do not count before their first check, where that is asked for', async () => {
  const [well, slow] = [await patient(), await rawBackend(() => {})];
  await using _ = well.server;
  await using __ = slow;
  const message: Cluster = {
    healthChecks: [http()],
    commonLbConfig: { healthyPanicThreshold: { value: 60 }, ignoreNewHostsUntilFirstHc: true },
  };
  await using web = startCluster(message, loopback([well.port]));
  await until(() => web.cluster.warm);
  web.update({ endpoints: loopback([well.port, slow.port]) });
  assert.deepEqual(picked(web), [well.port]);
  assert.deepEqual(web.cluster.panicking, [], 'one of one is healthy');
  const counting = { ...message, commonLbConfig: { healthyPanicThreshold: { value: 60 } } };
  web.update({ cluster: counting });
  assert.deepEqual(web.cluster.panicking, [0], 'one of two');
});

test('other checks do not take endpoints out before they have found something', async () => {
  const web = await patient();
  await using _ = web.server;
  await using cluster = startCluster(checked(http()), loopback([web.port]));
  await until(() => cluster.cluster.pick());
  cluster.update({ cluster: checked(http({ path: '/ready' })) });
  assert(cluster.cluster.pick());
  await until(() => web.seen.some(({ url }) => url === '/ready'));
  cluster.update({ cluster: checked(http({ expectedStatuses: [{ start: 201, end: 202 }] })) });
  assert(cluster.cluster.pick());
  await until(() => cluster.events.includes(`failing ${web.port}`));
});

test('a check that succeeds ends an ejection, unless that is not wanted', async () => {
  const web = await patient();
  await using _ = web.server;
  const outlier = (successfulActiveHealthCheckUnejectHost?: { value: boolean }): Cluster => ({
    ...checked({ ...http(), interval: duration(50) }),
    outlierDetection: {
      consecutiveGatewayFailure: { value: 1 },
      enforcingConsecutiveGatewayFailure: { value: 100 },
      alwaysEjectOneHost: { value: true },
      ...(successfulActiveHealthCheckUnejectHost && { successfulActiveHealthCheckUnejectHost }),
    },
  });
  await using cluster = startCluster(outlier({ value: false }), loopback([web.port]));
  await until(() => cluster.cluster.pick());
  const to = cluster.endpoint(web.port);
  await cluster.ask({ to, target: '/reset' });
  assert(to.ejected);
  const seen = web.seen.length;
  await until(() => web.seen.length > seen + 2);
  assert(to.ejected);
  cluster.update({ cluster: outlier() });
  await until(() => !to.ejected);
  assert.equal(cluster.events.at(-1), `returned ${web.port}`);
});

test('a large cluster’s checks do not all run at once', async () => {
  let running = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  await using web = await backend((_, response) => {
    most = Math.max(most, ++running);
    waiting.push(() => {
      running--;
      response.end();
    });
  });
  const lbEndpoints = Array.from({ length: 40 }, (_, i) => {
    const address = { socketAddress: { address: '127.0.0.1', portValue: i + 1 } };
    return { endpoint: { address, healthCheckConfig: { portValue: web.port } } } as LbEndpoint;
  });
  const message = checked({ ...http(), interval: duration(60_000) });
  await using cluster = startCluster(
    message,
    { endpoints: [{ lbEndpoints }] },
    {
      slots: new CheckSlots(5),
    },
  );
  await until(() => {
    for (const answer of waiting.splice(0)) answer();
    return cluster.cluster.warm;
  });
  assert(most <= 5 && most > 1, `${most} at once`);
});
