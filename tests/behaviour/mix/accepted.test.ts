import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { type Service, ServiceMap } from '@meshkeeper/mesh';
import { compilePolicies } from '@meshkeeper/policy';
import {
  component,
  freePorts,
  skipWithout,
  type TempDir,
  tempDir,
  until,
} from '@meshkeeper/testbed';
import fc from 'fast-check';
import { makeCertificates } from '../stage/certificates.ts';
import { DATA_PLANES, type DataPlane } from '../stage/data-planes.ts';
import { startMesh } from '../stage/mesh.ts';
import { SERVICE_NAMES, type Surroundings, scene } from './scene.ts';
import { staticConfig } from './static-config.ts';

const SOAK = process.env.MESHKEEPER_SOAK !== undefined;
/** Of several scenes one shows what is wrong; a smaller one would take many more configurations. */
const RUNS = { numRuns: SOAK ? 1_500 : 40, endOnFailure: true };
/** Whom the data planes are beside. */
const CALLER: Service = { name: 'test', protocol: 'http', endpoints: [] };

describe('whatever is written', { skip: skipWithout('envoy') }, () => {
  let surroundings: Surroundings;
  let folder: TempDir;

  before(async () => {
    folder = await tempDir('meshkeeper-behaviour-');
    await makeCertificates(folder.path, { one: 'one.example', other: 'other.example' });
    surroundings = { ports: await freePorts(4), certificates: ['one', 'other'] };
  });
  after(() => folder.close());

  test('every data plane accepts what it becomes', {
    timeout: SOAK ? 3_600_000 : 60_000,
  }, async () => {
    await using stack = new AsyncDisposableStack();
    const mesh = stack.use(await startMesh());
    await mesh.set({ services: [CALLER] });
    for (const start of Object.values(DATA_PLANES)) {
      const options = { xds: mesh.xds, certificates: folder.path };
      const plane: DataPlane = stack.use(await start(options));
      if (plane.outbound !== undefined) continue;
      // gRPC knows of what it has called: it is all the same what becomes of the call.
      for (const name of SERVICE_NAMES) void stack.use(plane.caller(name)).call({ deadline: 100 });
    }
    await until(() => mesh.server.proxies().length === Object.keys(DATA_PLANES).length);
    await fc.assert(
      fc.asyncProperty(scene(surroundings), async ({ services, policies }) => {
        await mesh.set({ services: [...services, CALLER], policies });
      }),
      RUNS,
    );
  });

  test('Envoy takes it as a configuration of its own', async () => {
    const file = join(folder.path, 'static.json');
    await fc.assert(
      fc.asyncProperty(scene(surroundings), async ({ services, policies }) => {
        const snapshot = {
          revision: 1,
          services: ServiceMap.from(services),
          policies: compilePolicies(policies),
        };
        await writeFile(file, JSON.stringify(await staticConfig(snapshot, folder.path)));
        assert.equal(await validate(file), '');
      }),
      { ...RUNS, numRuns: SOAK ? 300 : 10 },
    );
  });
});

/** What Envoy has against a configuration. */
async function validate(file: string): Promise<string> {
  const envoy = component('envoy');
  assert.ok(envoy.ok);
  const child = spawn(envoy.path, ['--mode', 'validate', '-c', file, '-l', 'critical']);
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return code === 0 ? '' : said;
}
