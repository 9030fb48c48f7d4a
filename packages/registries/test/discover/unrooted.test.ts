import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Findings } from '../../src/discover/findings.ts';
import { DIALECTS, type Dialect, nerve, serverset } from '../../src/index.ts';
import { znode } from '../znode.ts';

test('dialects without a root of their own are found with the root that a registry has to name', () => {
  const findings = new Findings([...DIALECTS.values()]);
  let number = 0;
  const take = (dialect: Dialect, root: string, service: string, metadata = {}) => {
    const registration = { service, address: '10.0.0.1', port: 80, metadata };
    for (const { path, data } of dialect.encode(root, registration, 0))
      findings.take(znode(`${path}${String(number++).padStart(10, '0')}`, data));
  };
  take(serverset, '/twitter/service', 'ads/prod/web');
  take(serverset, '/twitter/service', 'ads/prod/web');
  take(serverset, '/twitter/service', 'cuckoo/prod/web');
  take(nerve, '/nerve/services', 'web');
  take(nerve, '/smartstack', 'web');
  take(nerve, '/smartstack', 'api', { use_path_encoding: 'true' });
  assert.deepEqual(
    findings.registries().map(({ dialect, root, services, instances }) => ({
      ...{ dialect, root, services, instances },
    })),
    [
      { dialect: 'nerve', root: '/nerve/services', services: 1, instances: 1 },
      { dialect: 'nerve', root: '/smartstack', services: 2, instances: 2 },
      { dialect: 'serverset', root: '/twitter/service', services: 2, instances: 3 },
    ],
  );
});
