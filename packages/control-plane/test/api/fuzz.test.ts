import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runSchemathesis, skipWithout, tempDir } from '@meshkeeper/testbed';
import { instance } from '../instance.ts';
import { startApiPlane } from './plane.ts';

const soak = process.env.MESHKEEPER_SOAK === '1';
/** What makes an answer wait for something to happen. */
const WAITING = new Set(['watch', 'wait', 'timeout']);

/** Names in paths that there are, or come to be: half of what is asked for is more than "there is none". */
const KNOWN: Readonly<Record<string, readonly (string | number)[]>> = {
  service: ['shop'],
  id: ['shop-1', 'made'],
  application: ['shop'],
  namespace: ['default'],
  gray: ['canary'],
  name: ['nightly', 'shop'],
  holder: ['me'],
  kind: ['ServicePolicy', 'HTTPRoute'],
  revision: [0, 1, 2],
};

interface Parameter {
  readonly name: string;
  readonly in: string;
  schema: object;
}

interface Operation {
  parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, { readonly content?: Record<string, unknown> }>>;
}

test('whatever is sent, the API answers as its document says, and never fails', {
  skip: skipWithout('schemathesis'),
  timeout: soak ? 3_600_000 : 120_000,
}, async (t) => {
  await using folder = await tempDir();
  await using api = await startApiPlane({}, async (zk) => {
    const data = instance('shop', 'shop-1', 1001);
    await zk.create('/discovery/shop/shop-1', data, { parents: true });
  });
  const { body } = await api.call('/api/v1/openapi.json');
  // What is JSON is what it says; streams that have no end are tested elsewhere.
  const paths = Object.entries(body.paths as Record<string, Record<string, Operation>>);
  for (const [, methods] of paths)
    for (const [method, operation] of Object.entries(methods)) {
      const { parameters = [], responses } = operation;
      operation.parameters = parameters.filter(({ name }) => !WAITING.has(name));
      for (const parameter of operation.parameters) {
        const known = parameter.in === 'path' ? KNOWN[parameter.name] : undefined;
        if (known) parameter.schema = { anyOf: [{ enum: known }, parameter.schema] };
      }
      const types = Object.keys(responses['200']?.content ?? {});
      if (types.length === 1 && types[0] === 'text/event-stream') delete methods[method];
    }
  // Who holds a lock for an hour would be waited for.
  delete body.components.schemas.LeaseRequestInput.properties.wait;
  const document = join(folder.path, 'openapi.json');
  await writeFile(document, JSON.stringify(body));
  const { code, stdout, stderr } = await runSchemathesis({
    ...{ url: api.plane.api, document },
    examples: soak ? 300 : 4,
    seed: soak ? Math.floor(Math.random() * 1e9) : 1,
    checks: [
      ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance'],
      ...['response_schema_conformance', 'response_headers_conformance'],
      ...['unsupported_method', 'allow_header_conformance'],
      ...['use_after_free', 'ensure_resource_availability'],
    ],
    phases: soak ? ['examples', 'coverage', 'fuzzing', 'stateful'] : ['examples', 'fuzzing'],
    timeout: soak ? 3_500_000 : 100_000,
  });
  t.diagnostic(/\d+ generated.*/.exec(stdout)?.[0] ?? 'nothing was generated');
  assert.equal(code, 0, `${stdout}${stderr}`);
  assert.match(stdout, /Fuzzing[^✅]*✅ \d{2,} passed/);
  if (soak) assert.match(stdout, /Stateful[^✅]*✅ \d{2,} passed/);
});
