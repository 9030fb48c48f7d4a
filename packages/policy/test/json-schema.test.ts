import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jsonSchemas, type PolicyKind } from '@meshkeeper/policy';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseAllDocuments } from 'yaml';
import { example, policiesOf } from './support.ts';

describe('JSON Schema', () => {
  const ajv = new Ajv2020({ strict: true, strictTypes: false });

  // The kinds are the schema's own keys.
  for (const kind of Object.keys(jsonSchemas()) as PolicyKind[])
    test(`${kind}: takes what may be written, and what it becomes`, () => {
      const validate = ajv.compile(jsonSchemas()[kind]);
      const said = parseAllDocuments(example(kind)).map((document): unknown => document.toJS());
      for (const value of [...said, ...policiesOf(example(kind))])
        assert.ok(validate(value), JSON.stringify(validate.errors));
    });

  test('refuses fields that there are not, and values out of range', () => {
    const validate = ajv.compile(jsonSchemas().TCPRoute);
    const [route] = policiesOf(example('TCPRoute'));
    assert.ok(validate(route));
    assert.equal(validate({ ...route, specs: {} }), false);
    assert.equal(validate({ ...route, spec: { rules: [{ backendRefs: [{ name: '' }] }] } }), false);
    assert.equal(validate({ ...route, kind: 'HTTPRoute' }), false);
  });
});
