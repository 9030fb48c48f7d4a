/**
 * A schema of any library that follows Standard Schema 1 (zod, valibot, arktype; standardschema.dev). What
 * that asks of a library is so little that it is meant to be copied, and not depended on.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    /** Standard JSON Schema: what a value has to look like before it is validated. */
    readonly jsonSchema?: {
      readonly input: (options: {
        readonly target: string;
        readonly libraryOptions?: Record<string, unknown> | undefined;
      }) => Record<string, unknown>;
    };
  };
}

/** The schema's value, or what is wrong. */
export type Validated<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema's values look like after it. */
export type OutputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];
/** What a schema's values look like before it. */
export type InputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input'];

/** The schema's own description of what it takes; undefined where its library has none. */
export function jsonSchemaOf(schema: StandardSchema): Record<string, unknown> | undefined {
  try {
    return schema['~standard'].jsonSchema?.input({
      target: 'draft-2020-12',
      // zod refuses a whole schema for one date in it, unless told so.
      libraryOptions: { unrepresentable: 'any' },
    });
  } catch {
    return undefined; // something in it has no JSON Schema: its values stay text
  }
}

/** Where an issue is, as one would write the key. */
export function issuePath({ path = [] }: Issue): string {
  let text = '';
  for (const part of path) {
    const key = typeof part === 'object' ? part.key : part;
    if (typeof key === 'number') text += `[${key}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
  }
  return text;
}
