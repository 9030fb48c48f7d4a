/** A JSON Schema (2020-12), as far as it is read here. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly oneOf?: readonly JsonSchema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
}

/** Keywords that mean the same in a structural schema. */
const SAME = [
  ...['type', 'description', 'enum', 'minLength', 'maxLength', 'minItems', 'maxItems'],
  ...['minimum', 'maximum', 'multipleOf', 'required', 'minProperties', 'maxProperties'],
] as const;

/** What Go's regular expressions don't have, as which an API server reads a pattern. */
const NOT_IN_GO = /\(\?[=!<]|\\u|\\[1-9]/;

/**
 * A schema as a CustomResourceDefinition can say it ("structural"): a type everywhere, no references, a
 * union as one object with what each of its forms requires. What it can't say is left to who reads the
 * object. So are defaults: what somebody has written stays as it is written.
 */
export function structural(schema: JsonSchema): JsonSchema {
  if (schema.oneOf !== undefined) return union(schema, schema.oneOf);
  if (schema.const !== undefined) return { type: typeof schema.const, enum: [schema.const] };
  if (typeof schema.type !== 'string') return described(schema, ANYTHING);
  const { properties, items, additionalProperties, pattern, exclusiveMinimum, exclusiveMaximum } =
    schema;
  const { minimum, maximum, ...kept } = Object.fromEntries(
    SAME.flatMap((keyword) => (schema[keyword] === undefined ? [] : [[keyword, schema[keyword]]])),
  );
  return {
    ...kept,
    ...(isBound(minimum) && { minimum }),
    ...(isBound(maximum) && { maximum }),
    ...(isBound(exclusiveMinimum) && { minimum: exclusiveMinimum, exclusiveMinimum: true }),
    ...(isBound(exclusiveMaximum) && { maximum: exclusiveMaximum, exclusiveMaximum: true }),
    ...(pattern !== undefined && !NOT_IN_GO.test(pattern) && { pattern }),
    ...(properties && { properties: mapped(properties) }),
    ...(items && { items: structural(items) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: structural(additionalProperties),
    }),
  };
}

const ANYTHING: JsonSchema = { 'x-kubernetes-preserve-unknown-fields': true };

function described({ description }: JsonSchema, schema: JsonSchema): JsonSchema {
  return { ...schema, ...(description !== undefined && { description }) };
}

/** What every integer is within says nothing. */
function isBound(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER;
}

function mapped(properties: Readonly<Record<string, JsonSchema>>): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, structural(property)]),
  );
}

/**
 * Forms of an object that one of its fields tells apart.
 * @throws TypeError when they are no objects, or no field tells them apart
 */
function union(schema: JsonSchema, forms: readonly JsonSchema[]): JsonSchema {
  const [first] = forms;
  const tag = Object.keys(first?.properties ?? {}).find((name) =>
    forms.every(({ properties }) => properties?.[name]?.const !== undefined),
  );
  if (tag === undefined) throw new TypeError('a union whose forms no field tells apart');
  const properties: Record<string, JsonSchema> = {};
  for (const form of forms)
    for (const [name, property] of Object.entries(mapped(form.properties ?? {}))) {
      const known = properties[name];
      properties[name] =
        name === tag || known === undefined || JSON.stringify(known) === JSON.stringify(property)
          ? property
          : loose(known, property);
    }
  const tags = forms.map(({ properties: of }) => of?.[tag]?.const);
  properties[tag] = { type: 'string', enum: tags };
  return described(schema, {
    type: 'object',
    properties,
    required: [tag],
    oneOf: forms.map(({ required = [] }, i) => ({
      properties: { [tag]: { enum: [tags[i]] } },
      required: [...new Set([tag, ...required])],
    })),
  });
}

/** What two forms have in common that call different things the same. */
function loose(a: JsonSchema, b: JsonSchema): JsonSchema {
  if (a.type !== b.type || a.type === 'object') return ANYTHING;
  if (a.type !== 'array') return { type: a.type };
  const same = JSON.stringify(a.items) === JSON.stringify(b.items);
  return { type: 'array', items: same && a.items ? a.items : ANYTHING };
}
