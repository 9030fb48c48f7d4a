import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { onServers } from '../servers.ts';
import { applying } from './api/applying.ts';
import { past } from './api/past.ts';
import { names, PolicyApi } from './api/stage.ts';
import { status } from './api/status.ts';
import { route } from './samples.ts';

onServers('the API of policies', (start) => {
  const api = new PolicyApi();
  const { call, apply } = api;
  before(() => api.start(start));
  after(() => api.close());

  applying(api);
  status(api);
  past(api);

  test('without ZooKeeper nothing is applied, and what was read is shown', async () => {
    await apply([route('orders', ['orders'])]);
    await api.server.close();
    assert.equal(names((await call('GET', '')).body), 'HTTPRoute/orders');
    const { status, body } = await call('POST', '/apply', [route('more', ['orders'])]);
    assert.deepEqual([status, body.code], [503, 'zookeeper-unavailable']);
  });
});
