import type { DestinationPlugin, SettingsSchema, SourcePlugin } from '@meshkeeper/mesh';
import type { DestinationConfig, SourceConfig } from '../config/bridge-schema.ts';
import type { Config } from '../config/schema.ts';
import { ControlPlaneError } from '../control-plane-error.ts';
import { DESTINATION_KINDS, SOURCE_KINDS } from './built-in.ts';
import type { Plugins } from './load-plugins.ts';
import { checkSettings } from './settings.ts';

/** An entry of the configuration, with the plug-in that it is of and its settings as that takes them. */
export interface Resolved<Entry, Plugin> {
  readonly entry: Entry;
  readonly plugin: Plugin;
  readonly settings: unknown;
}

/** What `sources:` and `destinations:` say. */
export interface Bridges {
  readonly sources: readonly Resolved<SourceConfig, SourcePlugin>[];
  readonly destinations: readonly Resolved<DestinationConfig, DestinationPlugin>[];
}

/**
 * Finds the plug-ins of sources and destinations, and checks their settings.
 * @throws ControlPlaneError INVALID_CONFIG with all that is wrong
 */
export async function resolveBridges(config: Config, plugins: Plugins): Promise<Bridges> {
  const faults: string[] = [];
  const bridges = {
    sources: await resolved(
      ...(['sources', config.sources, SOURCE_KINDS, plugins.sources] as const),
      faults,
    ),
    destinations: await resolved(
      ...(['destinations', config.destinations, DESTINATION_KINDS, plugins.destinations] as const),
      faults,
    ),
  };
  if (faults.length === 0) return bridges;
  throw new ControlPlaneError('INVALID_CONFIG', faults.join('\n'));
}

async function resolved<
  Entry extends SourceConfig | DestinationConfig,
  Plugin extends { readonly schema: SettingsSchema<unknown> },
>(
  section: string,
  entries: readonly Entry[],
  builtIn: ReadonlyMap<string, () => Promise<Plugin>>,
  brought: ReadonlyMap<string, Plugin>,
  faults: string[],
): Promise<Resolved<Entry, Plugin>[]> {
  const found: Resolved<Entry, Plugin>[] = [];
  for (const entry of entries) {
    const { name, kind } = entry;
    const plugin = brought.get(kind) ?? (await builtIn.get(kind)?.());
    if (plugin === undefined) {
      const known = [...builtIn.keys(), ...brought.keys()].join(', ');
      faults.push(
        `${section}: "${name}" is of the kind "${kind}", which nobody brings: there are ${known}`,
      );
      continue;
    }
    const checked = await checkSettings(plugin.schema, entry.settings);
    if (checked.type === 'settings') found.push({ entry, plugin, settings: checked.settings });
    else
      for (const { path, message } of checked.faults) {
        const setting = path.map(String).join('.');
        faults.push(`${section}: "${name}": ${setting === '' ? '' : `${setting}: `}${message}`);
      }
  }
  return found;
}
