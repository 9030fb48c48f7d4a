import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import express from 'express';
import fastify from 'fastify';
import type { Mesh } from '../../src/index.ts';
import { meshkeeper as meshkeeperExpress } from '../../src/middleware/express.ts';
import { meshkeeper as meshkeeperFastify } from '../../src/middleware/fastify.ts';
import { type Home, home } from '../fixture.ts';

interface Served extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly port: number;
  readonly pid: number;
  readonly said: () => string;
}

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly body: string;
}

/** A GET by a connection of its own. */
async function get(port: number, path: string): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, path, agent: false, headers: KEEP }).end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const piece of response) body += piece;
  return { status: response.statusCode, connection: response.headers.connection, body };
}

const KEEP = { connection: 'keep-alive' };

describe('middleware', () => {
  let at: Home;
  let mesh: Mesh;
  before(async () => {
    at = await home();
    mesh = await at.mesh({ service: 'caller' });
  });
  after(async () => {
    await mesh?.close();
    await at?.[Symbol.asyncDispose]();
  });

  async function serve(...args: readonly string[]): Promise<Served> {
    const file = join(import.meta.dirname, 'serve.ts');
    const child = spawn(process.execPath, ['--conditions=source', file, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        MESHKEEPER_SERVER: at.api,
        MESHKEEPER_XDS: at.xds,
        MESHKEEPER_ZOOKEEPER_CONNECT: at.zookeeper,
      },
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await until(() => said.includes('\n'));
    const { port, pid } = JSON.parse(said) as { port: number; pid: number };
    const kill = async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    };
    return { child, port, pid, said: () => said, [Symbol.asyncDispose]: kill };
  }

  async function ports(service: string, expected: readonly number[]): Promise<void> {
    const signal = AbortSignal.timeout(20_000);
    for await (const endpoints of mesh.service(service).endpoints({ signal })) {
      const up = endpoints.filter(({ health }) => health !== 'draining').map(({ port }) => port);
      if (up.sort().join() === [...expected].sort().join()) return;
    }
    assert.fail('the endpoints never were these');
  }

  for (const framework of ['express', 'fastify'])
    test(`${framework}: SIGTERM under load fails no request`, async () => {
      const service = `shop-${framework}`;
      await using leaving = await serve(service, framework);
      await using staying = await serve(service, framework);
      await ports(service, [leaving.port, staying.port]);
      assert.deepEqual(await get(leaving.port, '/healthz'), {
        ...{ status: 200, connection: 'keep-alive', body: '{"status":"ok"}' },
      });
      assert.equal((await get(leaving.port, '/readyz')).status, 200);

      const failures: unknown[] = [];
      const served = new Map<number, number>();
      let running = true;
      const worker = async () => {
        while (running && failures.length === 0) {
          try {
            const response = await mesh.fetch(`http://${service}/work`, { method: 'POST' });
            if (response.status === 404) await response.body?.cancel();
            else failures.push(response.status);
            const worked = await mesh.fetch(`http://${service}/work`);
            const { pid } = (await worked.json()) as { pid: number };
            served.set(pid, (served.get(pid) ?? 0) + 1);
          } catch (error) {
            failures.push(error);
          }
        }
      };
      const workers = Array.from({ length: 8 }, worker);
      await using _ = {
        async [Symbol.asyncDispose]() {
          running = false;
          await Promise.all(workers);
        },
      };
      await until(() => served.get(leaving.pid)! > 20 && served.get(staying.pid)! > 20);
      // On its way when the signal comes, and longer than callers have to hear of it.
      const slow = get(leaving.port, '/slow');
      await until(async () => (await get(leaving.port, '/healthz')).status === 200);
      const exit = once(leaving.child, 'exit');
      leaving.child.kill('SIGTERM');
      const draining = await until(async () => {
        const answer = await get(leaving.port, '/healthz');
        return answer.status === 503 && answer;
      });
      assert.equal(draining.connection, 'close');
      assert.equal(draining.body, '{"status":"draining"}');
      await ports(service, [staying.port]);
      assert.equal((await slow).body, `{"pid":${leaving.pid}}`);
      assert.deepEqual(await exit, [null, 'SIGTERM'], 'it ends as it would have');
      const before = served.get(staying.pid)!;
      await until(() => served.get(staying.pid)! > before + 50);
      running = false;
      await Promise.all(workers);
      assert.deepEqual(failures, []);
    });

  test('an application that listens to SIGTERM itself decides when it ends', async () => {
    await using served = await serve('listening', 'express', 'listens');
    const exit = once(served.child, 'exit');
    served.child.kill('SIGTERM');
    // Nothing holds it once it is drained: no signal is raised again, and none was swallowed.
    assert.deepEqual(await exit, [0, null]);
    assert.match(served.said(), /the application was told/);
  });

  test('a second SIGTERM waits no longer', async () => {
    await using served = await serve('hurried', 'fastify');
    void get(served.port, '/slow').catch(() => {});
    await until(async () => (await get(served.port, '/healthz')).status === 200);
    const exit = once(served.child, 'exit');
    served.child.kill('SIGTERM');
    await until(async () => (await get(served.port, '/healthz')).status === 503);
    served.child.kill('SIGTERM');
    assert.deepEqual(await exit, [null, 'SIGTERM']);
  });

  test('express: leaves when its server closes, and says when it is not ready', async () => {
    let ready = true;
    const app = express();
    const served = meshkeeperExpress(app, mesh, {
      ...{ service: 'small', address: '127.0.0.1', readiness: () => ready },
      ...{ readinessInterval: 10, healthPath: '/up' as const },
    });
    app.use((_, response) => {
      response.send('mine');
    });
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const registered = await served.registered!;
    await until(() => registered.state === 'registered');
    const { port } = registered.instance;
    assert.equal((await get(port, '/up')).body, '{"status":"ok"}');
    assert.equal((await get(port, '/healthz')).body, 'mine');
    ready = false;
    assert.equal((await get(port, '/readyz')).status, 503);
    await until(() => registered.state === 'draining');
    assert.equal((await get(port, '/up')).status, 200, 'it is alive all the same');
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    await until(() => registered.state === 'leaving');
    assert.throws(() => served.attach(server), { code: 'INVALID_ARGUMENT' });
  });

  test('fastify: leaves before it closes; its health is for the whole application', async () => {
    const app = fastify();
    await app.register(meshkeeperFastify, { mesh, service: 'small', address: '127.0.0.1' });
    const inner = await app.inject({ url: '/healthz' });
    assert.deepEqual([inner.statusCode, inner.json()], [200, { status: 'ok' }]);
    await app.listen({ port: 0, host: '127.0.0.1' });
    const signal = AbortSignal.timeout(20_000);
    const { port } = app.server.address() as AddressInfo;
    for await (const endpoints of mesh.service('small').endpoints({ signal }))
      if (endpoints.some((each) => each.port === port)) break;
    await app.close();
    await using zk = await connect({ connect: at.zookeeper });
    await until(async () => (await zk.children('/services/small')).children.length === 0);
  });
});
