import type { OpenAPIV3_1 } from 'openapi-types';

type Json = { readonly [key: string]: unknown };

/**
 * An OpenAPI document without what says nothing: components that nothing refers to (each schema is
 * there as it goes in and as it comes out), problems again and again, and the bounds of safe integers.
 */
export function tidied(document: OpenAPIV3_1.Document): Json {
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
  const responses: Record<string, unknown> = {};
  const paths = withSharedProblems(whole.paths as Json, responses);
  return {
    ...{ ...whole, paths },
    components: { ...components, responses, schemas: Object.fromEntries(kept) },
  };
}

/** Problems that several operations answer with are told once. @param shared is told of each */
function withSharedProblems(value: Json, shared: Record<string, unknown>): Json {
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return [key, inner];
    if (!isProblem(key, inner)) return [key, withSharedProblems({ ...inner }, shared)];
    const codes = [...JSON.stringify(inner).matchAll(/`([a-z-]+)`/g)].map(([, code]) => code);
    const name = `${key}_${codes.join('_')}`;
    shared[name] = inner;
    return [key, { $ref: `#/components/responses/${name}` }];
  });
  return Object.fromEntries(entries);
}

function isProblem(key: string, value: object): boolean {
  if (!/^[45]\d\d$/.test(key) || !('content' in value)) return false;
  const { content } = value;
  return typeof content === 'object' && content !== null && 'application/problem+json' in content;
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
