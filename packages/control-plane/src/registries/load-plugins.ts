import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIALECTS, type Dialect } from '@meshkeeper/registries';
import { ControlPlaneError } from '../control-plane-error.ts';

/** What a dialect must have; the rest is its own matter. */
const METHODS = ['trees', 'reading', 'recognise', 'encode', 'revise'] as const;

/**
 * The built-in dialects and those of the plug-ins, by name.
 * @param plugins absolute paths, or names of packages
 * @throws ControlPlaneError INVALID_CONFIG that names each plug-in that can't be used, and why
 */
export async function loadDialects(
  plugins: readonly string[],
): Promise<ReadonlyMap<string, Dialect>> {
  const dialects = new Map(DIALECTS);
  const faults: string[] = [];
  const causes: unknown[] = [];
  const broughtBy = new Map<string, string>();
  for (const plugin of plugins) {
    const loaded = await load(plugin);
    if (loaded.type === 'fault') {
      faults.push(`the plug-in ${plugin} can't be used: ${loaded.why}`);
      causes.push(loaded.cause);
      continue;
    }
    const { name } = loaded.dialect;
    if (dialects.has(name)) {
      const other = broughtBy.get(name) ?? 'the built-in one';
      faults.push(
        `the plug-in ${plugin} can't be used: its dialect has the name "${name}", as ${other} has: give it another`,
      );
      continue;
    }
    dialects.set(name, loaded.dialect);
    broughtBy.set(name, `that of ${plugin}`);
  }
  if (faults.length === 0) return dialects;
  throw new ControlPlaneError('INVALID_CONFIG', faults.join('\n'), { cause: causes[0] });
}

type Loaded =
  | { readonly type: 'dialect'; readonly dialect: Dialect }
  | { readonly type: 'fault'; readonly why: string; readonly cause?: unknown };

async function load(plugin: string): Promise<Loaded> {
  const isFile = isAbsolute(plugin);
  if (isFile && !existsSync(plugin)) return { type: 'fault', why: 'there is no such file' };
  let module: { readonly default?: unknown };
  try {
    module = await import(isFile ? pathToFileURL(plugin).href : plugin);
  } catch (cause) {
    const missing = cause instanceof Error && cause.message.includes(`package '${plugin}'`);
    const why = missing
      ? 'no package of that name is installed; a file is named from the configuration on: ./my-dialect.ts'
      : String(cause);
    return { type: 'fault', why, cause };
  }
  const dialect = module.default;
  if (dialect === undefined) return { type: 'fault', why: 'it has no default export' };
  if (isDialect(dialect)) return { type: 'dialect', dialect };
  return {
    type: 'fault',
    why: `its default export is no dialect: it must have name, ${METHODS.join(', ')}, and defaultRoot if it has one`,
  };
}

function isDialect(value: unknown): value is Dialect {
  if (typeof value !== 'object' || value === null) return false;
  const members: Readonly<Record<string, unknown>> = { ...value };
  return (
    typeof members.name === 'string' &&
    ['string', 'undefined'].includes(typeof members.defaultRoot) &&
    METHODS.every((method) => typeof members[method] === 'function')
  );
}
