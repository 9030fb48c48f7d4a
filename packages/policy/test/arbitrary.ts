import { jsonSchemas, type PolicyKind } from '@meshkeeper/policy';
import fc from 'fast-check';

/** What the generated schemas use of JSON Schema. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

/** What a schema allows to be written of a kind; not all of it is a policy. */
export function written(kind: PolicyKind): fc.Arbitrary<unknown> {
  return of(jsonSchemas()[kind] as Schema);
}

function isUsed({ description = '' }: Schema): boolean {
  return !/^Not supported|^Kubernetes writes/.test(description);
}

function of(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const members = schema.oneOf ?? schema.anyOf;
  if (members) return fc.oneof(...members.filter(isUsed).map(of));
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return whole(schema);
    case 'number':
      return fc.oneof(
        whole(schema),
        whole(schema).map((value) => Math.max(0, value - 0.5)),
      );
    case 'string':
      return text(schema);
    case 'array':
      return fc.array(of(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(schema.minItems ?? 0, Math.min(schema.maxItems ?? 3, 3)),
      });
    case 'object':
      return object(schema);
    default:
      return fc.constant({});
  }
}

function whole({ minimum = 0, maximum = 100_000 }: Schema): fc.Arbitrary<number> {
  const min = Math.max(minimum, -1000);
  return fc.integer({ min, max: Math.max(min, Math.min(maximum, 100_000)) });
}

function text({ pattern, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> {
  if (pattern !== undefined && !pattern.includes('\\P') && !pattern.includes('(?!'))
    return fc
      .stringMatching(new RegExp(pattern), { size: 'small' })
      .filter((value) => value.length >= minLength && value.length <= maxLength);
  const unit = fc.constantFrom(...'abzABZ019/.:-_é~$&*[]{}#\'"|> ,'.split(''));
  return fc.string({ unit, minLength, maxLength: Math.min(maxLength, 12) });
}

function object(schema: Schema): fc.Arbitrary<unknown> {
  const { properties, required = [], additionalProperties: values } = schema;
  if (properties === undefined)
    return typeof values === 'object'
      ? fc.dictionary(text({ minLength: 1, ...schema.propertyNames }), of(values), { maxKeys: 3 })
      : fc.constant({});
  const fields = Object.entries(properties).filter(([, field]) => isUsed(field));
  return fc.record(Object.fromEntries(fields.map(([name, field]) => [name, of(field)])), {
    requiredKeys: [...required],
    noNullPrototype: true,
  });
}
