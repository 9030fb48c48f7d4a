import { DESTINATION_KINDS, SOURCE_KINDS } from '../plugins/built-in.ts';
import { checkSettings, type SettingsFault } from '../plugins/settings.ts';
import { DESTINATION_KEYS, SOURCE_KEYS } from './bridge-schema.ts';

/**
 * What is wrong with the settings of sources and destinations whose kinds are built in: their schemas are
 * loaded with them. What it is given may be anything; those of plug-ins are checked when these are loaded.
 */
export async function builtInFaults(config: unknown): Promise<readonly SettingsFault[]> {
  return [
    ...(await faultsOf(config, 'sources', SOURCE_KINDS, SOURCE_KEYS)),
    ...(await faultsOf(config, 'destinations', DESTINATION_KINDS, DESTINATION_KEYS)),
  ];
}

async function faultsOf(
  config: unknown,
  section: string,
  kinds: typeof SOURCE_KINDS | typeof DESTINATION_KINDS,
  common: readonly string[],
): Promise<SettingsFault[]> {
  const entries: unknown = membersOf(config)[section];
  const faults: SettingsFault[] = [];
  for (const [index, entry] of Array.isArray(entries) ? entries.entries() : []) {
    const { kind } = membersOf(entry);
    const load = typeof kind === 'string' ? kinds.get(kind) : undefined;
    if (load === undefined) continue;
    const own = Object.entries(membersOf(entry)).filter(([key]) => !common.includes(key));
    const checked = await checkSettings((await load()).schema, Object.fromEntries(own));
    if (checked.type === 'settings') continue;
    for (const { path, message } of checked.faults)
      faults.push({ path: [section, index, ...path], message });
  }
  return faults;
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
