import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Fastify from 'fastify';
import { listenersRoute } from '../../src/api/listeners-route.ts';
import { openApi } from '../../src/api/openapi.ts';
import { formatHostPort } from '../../src/config/listen.ts';
import { startApiPlane } from './plane.ts';

describe('who knows the API learns', () => {
  test('where its replica listens besides', async () => {
    await using api = await startApiPlane();
    const { status, body } = await api.call('/api/v1/listeners');
    assert.equal(status, 200);
    assert.equal(formatHostPort(body.xds), api.plane.xds);
    assert.equal(formatHostPort(body.dns), api.plane.dns);
  });

  test('that it is the same host, where all addresses are listened at', async () => {
    const app = Fastify();
    await openApi(app);
    app.decorate('timeLimit', 1_000);
    listenersRoute(app, { xds: { host: '0.0.0.0', port: 1 }, dns: { host: '::', port: 2 } });
    const answer = await app.inject('/api/v1/listeners');
    assert.deepEqual(answer.json(), { xds: { port: 1 }, dns: { port: 2 } });
  });
});
