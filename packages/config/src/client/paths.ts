/** How deep keys are known to the compiler. */
type Depth = [never, 0, 1, 2, 3, 4];

/** The keys of nested values, as text: `server`, `server.port`. */
export type PathOf<T, D extends number = 5> = [D] extends [never]
  ? never
  : T extends readonly unknown[] | Date | ((...args: never[]) => unknown)
    ? never
    : T extends object
      ? {
          [K in keyof T & string]: K | `${K}.${PathOf<NonNullable<T[K]>, Depth[D]>}`;
        }[keyof T & string]
      : never;

/** What is at such a key. */
export type ValueAt<T, P extends string> = P extends keyof T
  ? T[P]
  : P extends `${infer K}.${infer Rest}`
    ? K extends keyof T
      ? ValueAt<NonNullable<T[K]>, Rest> | (undefined extends T[K] ? undefined : never)
      : never
    : never;

/** What stands at a key of a value; undefined where there is nothing. */
export function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  // A key with dots in it, where keys are not nested.
  if (Object.hasOwn(value, path)) return (value as Readonly<Record<string, unknown>>)[path];
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const first = path.slice(0, dot);
    if (Object.hasOwn(value, first))
      return valueAt((value as Readonly<Record<string, unknown>>)[first], path.slice(dot + 1));
  }
  return undefined;
}
