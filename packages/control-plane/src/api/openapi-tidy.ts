type Json = { readonly [key: string]: unknown };

/**
 * An OpenAPI document without what says nothing: components that nothing refers to (each schema is
 * there as it goes in and as it comes out), and the bounds of safe integers.
 */
export function tidied(document: Json): Json {
  const whole = withoutSafeBounds(document) as Json; // an object stays one
  const components = whole.components as { readonly schemas?: Json };
  const { schemas = {} } = components;
  const used = new Set<string>();
  const collect = (value: unknown) => {
    for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (name === undefined || used.has(name)) continue;
      used.add(name);
      if (schemas[name] !== undefined) collect(schemas[name]);
    }
  };
  collect(whole.paths);
  const kept = Object.entries(schemas).filter(([name]) => used.has(name));
  return { ...whole, components: { ...components, schemas: Object.fromEntries(kept) } };
}

function withoutSafeBounds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSafeBounds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, bound]) => !(BOUNDS.has(key) && Math.abs(bound) === Number.MAX_SAFE_INTEGER))
      .map(([key, inner]) => [key, withoutSafeBounds(inner)]),
  );
}

const BOUNDS = new Set(['minimum', 'maximum']);
