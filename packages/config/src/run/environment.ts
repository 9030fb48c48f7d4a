import type { Resolved } from '../client/resolved.ts';
import type { Fault } from '../config-error.ts';

/** What a program gets in its environment, and what it doesn't, and why. */
export interface Environment {
  readonly variables: ReadonlyMap<string, string>;
  /** Two keys of one namespace with one name, or values that no environment can hold. */
  readonly faults: readonly Fault[];
  /** Names that keys may not give, each with its key: they change what a program is. */
  readonly refused: readonly { readonly name: string; readonly key: string }[];
  /** Keys of secrets whose text isn't there. */
  readonly hidden: readonly string[];
}

/** Variables that make the loader, or a shell, run something else: who edits configuration may not. */
const REFUSED = /^(LD_.*|DYLD_.*|BASH_ENV)$/;

/**
 * The name of a key, by Spring's rule: dots become underscores, dashes go, letters are capitals;
 * `server.ports[0].max-size` is `SERVER_PORTS_0_MAXSIZE`.
 */
export function variableName(key: string, prefix = ''): string {
  const name = key
    .replaceAll('-', '')
    .replace(/\[(\d+)\]/g, '.$1')
    .replace(/[^A-Za-z0-9_]/g, '_')
    .toUpperCase();
  const all = `${prefix}${name}`;
  // A name begins with no digit, and there is one.
  return /^(\d|$)/.test(all) ? `_${all}` : all;
}

/**
 * The variables of what was resolved. Of keys that have one name because they are spelled differently the
 * stronger namespace's counts; of one namespace they are a fault.
 */
export function environmentOf(
  { values, layers }: Pick<Resolved, 'values' | 'layers'>,
  prefix = '',
): Environment {
  const strength = new Map(layers.map((layer, i) => [nameOf(layer), i]));
  const strengthOf = (key: string) => {
    const from = values[key]?.from;
    return (from && strength.get(nameOf(from))) ?? layers.length;
  };
  const keys = new Map<string, string>();
  const faults: Fault[] = [];
  const refused: { name: string; key: string }[] = [];
  const hidden: string[] = [];
  for (const [key, { value }] of Object.entries(values)) {
    const name = variableName(key, prefix);
    const other = keys.get(name);
    if (value === undefined) hidden.push(key);
    else if (REFUSED.test(name)) refused.push({ name, key });
    else if (value.includes('\0')) faults.push({ key, message: `${name} can't hold a NUL` });
    else if (other === undefined || strengthOf(key) < strengthOf(other)) keys.set(name, key);
    else if (strengthOf(key) === strengthOf(other))
      faults.push({ key, message: `is ${name} in the environment, and so is ${other}` });
  }
  const variables = [...keys].map(([name, key]) => [name, values[key]?.value ?? ''] as const);
  return { variables: new Map(variables), faults, refused, hidden };
}

function nameOf({ application, namespace }: { application: string; namespace: string }): string {
  return `${application}/${namespace}`;
}
