import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { mayDo, ROLES } from '../../src/auth/roles.ts';
import { type ApiPlane, startApiPlane } from './plane.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly 'x-role': string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

describe('the document of the API', () => {
  let api: ApiPlane;
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  let document: any;
  let operations: readonly (readonly [route: string, Operation])[];

  before(async () => {
    api = await startApiPlane();
    document = (await api.call('/api/v1/openapi.json')).body;
    operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, each]) => [`${method} ${path}`, each] as const),
    );
  });
  after(async () => {
    await api?.[Symbol.asyncDispose]();
  });

  test('is OpenAPI 3.1, and refers to nothing that it lacks', () => {
    assert.equal(document.openapi, '3.1.0');
    const text = JSON.stringify(document);
    const names = [...text.matchAll(/#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name!);
    assert.ok(names.length > 0);
    for (const name of names) assert.ok(document.components.schemas[name], name);
    const answers = [...text.matchAll(/#\/components\/responses\/([^"]+)"/g)];
    assert.ok(answers.length > 0);
    for (const [, name] of answers) assert.ok(document.components.responses[name!], name);
    for (const name of Object.keys(document.components.schemas))
      assert.ok(names.includes(name), `${name} is not referred to`);
  });

  test('says of each operation what it does, whom it is for, and its parameters', () => {
    assert.ok(operations.length > 5);
    const roles = new Set<string>([...ROLES, 'open']);
    for (const [
      name,
      { summary, tags, 'x-role': role, parameters = [], responses },
    ] of operations) {
      assert.ok(summary.length > 5 && !summary.endsWith('.'), name);
      assert.ok(roles.has(role), name);
      assert.ok(
        document.tags.some((tag: { name: string }) => tag.name === tags[0]),
        name,
      );
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, part]) => part);
      const told = parameters.filter((each) => each.in === 'path').map((each) => each.name);
      assert.deepEqual(told.toSorted(), inPath.toSorted(), name);
      assert.ok('400' in responses && 'default' in responses === false, name);
    }
    const ids = operations.map(([, { operationId }]) => operationId);
    assert.equal(new Set(ids).size, ids.length, 'two operations have one name');
  });

  test('says where If-Match counts, and where nothing is done without', () => {
    const stated = new Map<string, string>();
    for (const [name, { operationId, parameters = [], responses }] of operations) {
      const header = parameters.find((each) => each.in === 'header' && each.name === 'if-match');
      assert.equal('428' in responses, header?.required ?? false, name);
      if ('412' in responses) assert.ok(header, name);
      if (header) stated.set(operationId, header.required ? 'required' : 'optional');
    }
    assert.equal(stated.get('patchConfigDraft'), 'required');
    for (const id of ['publishConfig', 'putOverlay', 'deletePolicy'])
      assert.equal(stated.get(id), 'optional', id);
  });

  test('what is called by a method that it does not take is told which it takes', async () => {
    for (const [path, allow] of [
      ['/api/v1/services/a%2Fb', 'GET, HEAD'],
      ['/api/v1/services/a/endpoints/b?c', 'DELETE, PUT'],
      ['/api/v1/locks/a/b', 'DELETE, PUT'],
    ]) {
      const { status, headers, body } = await api.call(path!, { method: 'PATCH' });
      assert.deepEqual(
        [status, body.code, headers.get('allow')],
        [405, 'method-not-allowed', allow],
      );
    }
    const { hostname, port } = new URL(api.plane.api);
    const asked = request({ hostname, port, method: 'QUERY', path: '/api/v1/config/a/import' });
    asked.end();
    const [answer] = await once(asked, 'response');
    answer.resume();
    assert.deepEqual([answer.statusCode, answer.headers.allow], [405, 'PUT']);
    for (const path of ['/api/v1', '/api/v1/services//endpoints', '/nowhere']) {
      const { status, headers } = await api.call(path, { method: 'DELETE' });
      assert.deepEqual([status, headers.get('allow')], [404, null], path);
    }
  });

  test('what is not asked for as it says is refused', async () => {
    for (const path of ['/api/v1/services?whatever=1', '/healthz?x']) {
      const { status, body } = await api.call(path);
      assert.equal(status, 400, path);
      assert.equal(body.code, 'invalid-request');
    }
  });
});

test('a role holds those that it is told to hold, and reading secrets is apart', () => {
  assert.ok(mayDo(['admin'], 'publisher') && mayDo(['publisher'], 'viewer'));
  assert.ok(!mayDo(['operator'], 'editor') && !mayDo(['viewer'], 'editor'));
  assert.ok(!mayDo(['admin'], 'secret') && !mayDo(['secret'], 'viewer') && !mayDo([], 'viewer'));
});
