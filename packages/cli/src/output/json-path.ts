/** What stands at a path of a JSON document; undefined where there is no such path. */
export function at(json: unknown, ...path: readonly (string | number)[]): unknown {
  let found = json;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Readonly<Record<string | number, unknown>>)[key];
  }
  return found;
}

/** The list there; none where there is no list. */
export function listAt(json: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(json, ...path);
  return Array.isArray(found) ? found : [];
}

/** The text or number there, as text. */
export function textAt(json: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = at(json, ...path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}
