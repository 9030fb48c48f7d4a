import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { structural } from '../../src/crd/structural.ts';

describe('structural schemas', () => {
  it('leave out what a CustomResourceDefinition can not say', () => {
    assert.deepEqual(
      structural({
        type: 'object',
        additionalProperties: false,
        required: ['a'],
        properties: {
          a: { type: 'string', default: 'x', pattern: '^(?!no)' },
          b: { const: 'B' },
          c: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
          d: { type: 'number', exclusiveMinimum: 0 },
          e: {
            type: 'object',
            propertyNames: { type: 'string' },
            additionalProperties: { type: 'string' },
          },
          f: { description: 'Whatever.' },
        },
      }),
      {
        type: 'object',
        required: ['a'],
        properties: {
          a: { type: 'string' },
          b: { type: 'string', enum: ['B'] },
          c: { type: 'integer', minimum: 0 },
          d: { type: 'number', minimum: 0, exclusiveMinimum: true },
          e: { type: 'object', additionalProperties: { type: 'string' } },
          f: { 'x-kubernetes-preserve-unknown-fields': true, description: 'Whatever.' },
        },
      },
    );
  });

  it('say a union as one object, and what each of its forms requires', () => {
    const union = structural({
      oneOf: [
        {
          type: 'object',
          required: ['on'],
          properties: { on: { const: 'ip' }, n: { type: 'string' } },
        },
        {
          type: 'object',
          required: ['on', 'name'],
          properties: {
            on: { const: 'header' },
            name: { type: 'string' },
            n: { type: 'string', maxLength: 3 },
          },
        },
      ],
    });
    assert.deepEqual(union, {
      type: 'object',
      required: ['on'],
      properties: {
        on: { type: 'string', enum: ['ip', 'header'] },
        n: { type: 'string' },
        name: { type: 'string' },
      },
      oneOf: [
        { properties: { on: { enum: ['ip'] } }, required: ['on'] },
        { properties: { on: { enum: ['header'] } }, required: ['on', 'name'] },
      ],
    });
  });

  it('refuse a union whose forms nothing tells apart', () => {
    assert.throws(() => structural({ oneOf: [{ type: 'string' }, { type: 'number' }] }), TypeError);
  });
});
