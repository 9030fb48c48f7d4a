import { type ConfigError, type Fault, notValid } from '../config-error.ts';
import { bind } from './bind.ts';
import type { Resolved } from './resolved.ts';
import { issuePath, jsonSchemaOf, type StandardSchema } from './standard-schema.ts';

/** A value that may be given to the program, or why it may not. */
export type Accepted<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Makes what the program gets of what was resolved. */
export type Accept<T> = (resolved: Pick<Resolved, 'values'>) => Promise<Accepted<T>>;

/** Binds to a schema, over defaults; without a schema it is a record of texts. */
export function acceptBy<T>(schema: StandardSchema | undefined, defaults: unknown): Accept<T> {
  if (schema === undefined)
    return async ({ values }) => {
      const texts = Object.entries(values).flatMap(([key, { value }]) =>
        value === undefined ? [] : [[key, value] as const],
      );
      const value = Object.fromEntries([...Object.entries(defaults ?? {}), ...texts]);
      return { ok: true, value: frozen(value) as T }; // without a schema T is that record
    };
  const described = jsonSchemaOf(schema);
  return async ({ values }) => {
    const bound = laidOver(defaults, bind(values, described));
    const validated = await schema['~standard'].validate(bound);
    if (validated.issues === undefined) return { ok: true, value: frozen(validated.value) as T }; // T is the schema's output
    const faults = validated.issues.map((issue) => {
      const key = issuePath(issue);
      return { ...(key !== '' && { key }), message: withoutSecrets(issue.message, values) };
    });
    return { ok: false, faults };
  };
}

/** The error of values that don't fit. */
export function misfit(application: string, faults: readonly Fault[]): ConfigError {
  return notValid(`the configuration of ${application} doesn't fit the schema`, faults);
}

/** A schema's message may quote what it refuses. */
function withoutSecrets(message: string, values: Resolved['values']): string {
  let text = message;
  for (const { type, value } of Object.values(values))
    if (type === 'secret' && value !== undefined && value !== '')
      text = text.replaceAll(value, '***');
  return text;
}

/** Plain objects are laid over each other by their members; whatever else it is, the upper one counts. */
function laidOver(under: unknown, over: unknown): unknown {
  if (over === undefined) return under;
  if (!isPlain(under) || !isPlain(over)) return over;
  const keys = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, laidOver(under[key], over[key])]));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Nobody changes for others what all see. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (!isPlain(value) && !Array.isArray(value)) return value;
  for (const each of Object.values(value)) frozen(each);
  return Object.freeze(value);
}
