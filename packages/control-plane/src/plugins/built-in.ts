import type { DestinationPlugin, SourcePlugin } from '@meshkeeper/mesh';

/**
 * The kinds that need no plug-in. A kind's row has its settings' schema; what it runs is imported when
 * it is opened, so that who does not configure it does not wait for it.
 */
const SOURCES: readonly SourcePlugin[] = [];
const DESTINATIONS: readonly DestinationPlugin[] = [];

/** Kinds of sources that are built in, by name. */
export const SOURCE_KINDS: ReadonlyMap<string, SourcePlugin> = byName(SOURCES);
/** Kinds of destinations that are built in, by name. */
export const DESTINATION_KINDS: ReadonlyMap<string, DestinationPlugin> = byName(DESTINATIONS);

function byName<T extends { readonly name: string }>(rows: readonly T[]): ReadonlyMap<string, T> {
  return new Map(rows.map((row) => [row.name, row]));
}
