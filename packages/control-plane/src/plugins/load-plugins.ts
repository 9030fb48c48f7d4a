import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DestinationPlugin, SourcePlugin } from '@meshkeeper/mesh';
import { DIALECTS, type Dialect } from '@meshkeeper/registries';
import { ControlPlaneError } from '../control-plane-error.ts';
import { DESTINATION_KINDS, SOURCE_KINDS } from './built-in.ts';
import { recognise } from './plugin.ts';

/** Dialects, by name; of sources and destinations those that plug-ins bring. */
export interface Plugins {
  readonly dialects: ReadonlyMap<string, Dialect>;
  readonly sources: ReadonlyMap<string, SourcePlugin>;
  readonly destinations: ReadonlyMap<string, DestinationPlugin>;
}

/**
 * What is built in and what plug-ins bring.
 * @param plugins absolute paths, or names of packages
 * @throws ControlPlaneError INVALID_CONFIG that names each plug-in that can't be used, and why
 */
export async function loadPlugins(plugins: readonly string[]): Promise<Plugins> {
  const loading = new Loading();
  for (const plugin of plugins) await loading.load(plugin);
  return loading.done();
}

/** The dialects alone. */
export async function loadDialects(
  plugins: readonly string[],
): Promise<ReadonlyMap<string, Dialect>> {
  return (await loadPlugins(plugins)).dialects;
}

class Loading {
  readonly #dialects = new Map(DIALECTS);
  readonly #sources = new Map<string, SourcePlugin>();
  readonly #destinations = new Map<string, DestinationPlugin>();
  readonly #faults: { readonly text: string; readonly cause?: unknown }[] = [];
  readonly #broughtBy = new Map<object, string>();

  async load(plugin: string): Promise<void> {
    const fault = (why: string, cause?: unknown) =>
      this.#faults.push({ text: `the plug-in ${plugin} can't be used: ${why}`, cause });
    const isFile = isAbsolute(plugin);
    if (isFile && !existsSync(plugin)) return void fault('there is no such file');
    let module: { readonly default?: unknown };
    try {
      module = await import(isFile ? pathToFileURL(plugin).href : plugin);
    } catch (cause) {
      const missing = cause instanceof Error && cause.message.includes(`package '${plugin}'`);
      const why = missing
        ? 'no package of that name is installed; a file is named from the configuration on: ./my-dialect.ts'
        : String(cause);
      return void fault(why, cause);
    }
    const exported = module.default;
    if (exported === undefined) return void fault('it has no default export');
    for (const value of Array.isArray(exported) ? exported : [exported]) {
      const recognised = recognise(value);
      if (recognised.type === 'fault') fault(recognised.why);
      else {
        const other = this.#add(recognised, plugin);
        const { name } = recognised.plugin;
        if (other !== undefined)
          fault(`its ${recognised.type} has the name "${name}", as ${other} has: give it another`);
      }
    }
  }

  /** @throws ControlPlaneError INVALID_CONFIG */
  done(): Plugins {
    const [first] = this.#faults;
    if (first !== undefined)
      throw new ControlPlaneError(
        'INVALID_CONFIG',
        this.#faults.map(({ text }) => text).join('\n'),
        { cause: first.cause },
      );
    return {
      dialects: this.#dialects,
      sources: this.#sources,
      destinations: this.#destinations,
    };
  }

  /** Whose the name is already; undefined when it was free. */
  #add(
    recognised: Exclude<ReturnType<typeof recognise>, { readonly type: 'fault' }>,
    by: string,
  ): string | undefined {
    const { name } = recognised.plugin;
    const all: Map<string, object> = {
      dialect: this.#dialects,
      source: this.#sources,
      destination: this.#destinations,
    }[recognised.type];
    const builtIn = { dialect: DIALECTS, source: SOURCE_KINDS, destination: DESTINATION_KINDS };
    if (builtIn[recognised.type].has(name)) return 'the built-in one';
    const other = all.get(name);
    if (other !== undefined) return this.#broughtBy.get(other);
    this.#broughtBy.set(recognised.plugin, `that of ${by}`);
    all.set(name, recognised.plugin);
    return undefined;
  }
}
