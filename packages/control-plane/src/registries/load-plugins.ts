import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIALECTS, type Dialect } from '@meshkeeper/registries';
import { ControlPlaneError } from '../control-plane-error.ts';

/** What a dialect must have; the rest is its own matter. */
const METHODS = ['trees', 'reading', 'recognise', 'encode', 'revise'] as const;

/**
 * The built-in dialects and those of the plug-ins, by name.
 * @param plugins absolute paths, or names of packages
 * @throws ControlPlaneError INVALID_CONFIG that names the plug-in and what is wrong with it
 */
export async function loadDialects(
  plugins: readonly string[],
): Promise<ReadonlyMap<string, Dialect>> {
  const dialects = new Map(DIALECTS);
  for (const plugin of plugins) {
    const dialect = await load(plugin);
    if (dialects.has(dialect.name))
      throw bad(plugin, `its dialect "${dialect.name}" has the name of another`);
    dialects.set(dialect.name, dialect);
  }
  return dialects;
}

async function load(plugin: string): Promise<Dialect> {
  let module: { readonly default?: unknown };
  try {
    module = await import(isAbsolute(plugin) ? pathToFileURL(plugin).href : plugin);
  } catch (cause) {
    throw bad(plugin, String(cause), cause);
  }
  const dialect = module.default;
  if (!isDialect(dialect))
    throw bad(
      plugin,
      `its default export is no dialect: it must have name, ${METHODS.join(', ')}, and defaultRoot if it has one`,
    );
  return dialect;
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

function bad(plugin: string, why: string, cause?: unknown): ControlPlaneError {
  return new ControlPlaneError('INVALID_CONFIG', `the plug-in ${plugin} can't be used: ${why}`, {
    cause,
  });
}
