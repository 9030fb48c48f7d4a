/** A JSON Schema, as its library writes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a schema says of values in one place, as far as reading them from text needs it. */
export interface Described {
  /** What may be there: `object`, `array`, `string`, `number`, `integer`, `boolean`, `null`. */
  readonly types: ReadonlySet<string>;
  /** The only texts that may be there; undefined when any may. */
  readonly texts: ReadonlySet<string> | undefined;
  /** It says nothing: what is there stays as it is. */
  readonly unconstrained: boolean;
  readonly properties: ReadonlyMap<string, unknown>;
  /** Of members that are not named. */
  readonly additional: unknown;
  readonly items: unknown;
}

/** A schema that only refers to others does so this often, at most. */
const MAX_REFERENCES = 32;
const ALTERNATIVES = ['anyOf', 'oneOf', 'allOf'];

/** What a schema says, with all of its alternatives together. */
export function describe(schema: unknown, root: JsonSchema | undefined): Described {
  const types = new Set<string>();
  const texts = new Set<string>();
  const properties = new Map<string, unknown>();
  let anyText = false;
  let additional: unknown;
  let items: unknown;
  let unconstrained = false;
  const visit = (part: unknown, depth: number): void => {
    const at = resolved(part, root);
    if (at === undefined || depth > MAX_REFERENCES) {
      unconstrained = true;
      return;
    }
    const alternatives = ALTERNATIVES.flatMap((name) => listOf(at[name]));
    for (const each of alternatives) visit(each, depth + 1);
    const own = typesOf(at);
    for (const type of own) types.add(type);
    if (own.length === 0 && alternatives.length === 0) unconstrained = true;
    if (own.includes('string')) {
      const only = allowed(at).filter((value) => typeof value === 'string');
      for (const text of only) texts.add(text);
      if (only.length === 0) anyText = true;
    }
    for (const [name, property] of Object.entries(recordOf(at.properties) ?? {}))
      properties.set(
        name,
        properties.has(name) ? { anyOf: [properties.get(name), property] } : property,
      );
    // `false` says that there are no others; what is one nonetheless is the schema's to refuse.
    if (recordOf(at.additionalProperties) !== undefined) additional ??= at.additionalProperties;
    const [first] = listOf(at.prefixItems);
    items ??= at.items ?? first;
  };
  visit(schema, 0);
  const limited = types.has('string') && !anyText;
  return {
    types,
    texts: limited ? texts : undefined,
    unconstrained,
    properties,
    additional,
    items,
  };
}

function typesOf(schema: JsonSchema): string[] {
  const { type } = schema;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((each) => typeof each === 'string');
  const values = allowed(schema);
  return [...new Set(values.map((value) => (value === null ? 'null' : typeof value)))];
}

function allowed(schema: JsonSchema): readonly unknown[] {
  if ('const' in schema) return [schema.const];
  return listOf(schema.enum);
}

/** The schema that a schema refers to, inside of its document. */
function resolved(schema: unknown, root: JsonSchema | undefined): JsonSchema | undefined {
  let found = recordOf(schema);
  for (let i = 0; i < MAX_REFERENCES && typeof found?.$ref === 'string'; i++)
    found = pointed(root, found.$ref);
  return found;
}

function pointed(root: JsonSchema | undefined, reference: string): JsonSchema | undefined {
  let found: unknown = root;
  for (const part of reference.replace(/^#\/?/, '').split('/'))
    if (part !== '') found = recordOf(found)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  return recordOf(found);
}

function recordOf(value: unknown): JsonSchema | undefined {
  // Whatever its members are, each is looked at before it is used.
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonSchema)
    : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
