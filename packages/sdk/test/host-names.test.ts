import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Consul, startConsul } from '@meshkeeper/testbed';
import type { Mesh, SdkError } from '../src/index.ts';
import { type Backend, backend, type Home, home, instance } from './fixture.ts';

describe('a service is called by the names that others know it by', () => {
  let consul: Consul;
  let at: Home;
  let mesh: Mesh;
  let server: Backend;

  before(async () => {
    consul = await startConsul();
    at = await home(undefined, {
      sources: [{ name: 'dc', kind: 'consul', address: consul.url, wait: '1s' }],
    });
    mesh = await at.mesh();
    server = await backend((request, response) => response.end(request.headers.host));
    const body = {
      ...{ Node: 'n1', Address: '127.0.0.1' },
      Service: { ID: 'w1', Service: 'web', Port: server.port },
    };
    await fetch(`${consul.url}/v1/catalog/register`, {
      ...{ method: 'PUT', body: JSON.stringify(body) },
    });
    await instance(mesh, 'com.foo.Api:1.0', server.port);
  });
  after(async () => {
    await mesh?.close();
    await at?.[Symbol.asyncDispose]();
    await consul?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  test('those of its platform, with any port and without one', async () => {
    for (const host of ['web', 'web.service.consul', 'Web.Service.dc1.Consul:8080']) {
      const answer = await mesh.fetch(`http://${host}/`);
      assert.equal(await answer.text(), host.toLowerCase());
    }
    const named = mesh.service('web.service.consul');
    assert.equal((await named.fetch('/')).status, 200);
    for await (const endpoints of named.endpoints()) {
      assert.deepEqual(
        endpoints.map(({ port }) => port),
        [server.port],
      );
      break;
    }
  });

  test('its alias, whatever its name is', async () => {
    const answer = await mesh.fetch('http://com.foo.api-1.0.mesh/');
    assert.equal(await answer.text(), 'com.foo.api-1.0.mesh');
    assert.equal((await mesh.fetch('http://web.mesh/')).status, 200);
  });

  test('and by nobody else’s', async () => {
    for (const url of ['http://db.service.consul/', 'http://a.b.mesh/', 'http://a.b:80/'])
      await assert.rejects(mesh.fetch(url), (error: SdkError) => error.code === 'NO_SERVICE', url);
  });
});
