import { isZooKeeperError } from '@meshkeeper/zookeeper';
import { emptyDirectories } from './empty-directories.ts';
import type { Finding } from './finding.ts';
import { orphans } from './orphans.ts';
import { type LintedRegistry, readRegistry } from './read-registry.ts';

/** What became of the collection of a finding. */
export interface Collected {
  readonly path: string;
  /** `kept`: it isn't what was found any more. */
  readonly outcome: 'deleted' | 'kept' | 'denied';
}

/**
 * Deletes what of the findings may be: orphaned revisions and empty directories, nothing else. The
 * registries are read again before, and what has changed since it was found, or changes meanwhile,
 * is kept.
 */
export async function collect(
  registries: readonly LintedRegistry[],
  findings: readonly Finding[],
  { signal = new AbortController().signal }: { readonly signal?: AbortSignal } = {},
): Promise<Collected[]> {
  const collected: Collected[] = [];
  for (const registry of registries) {
    const found = new Map(
      findings
        .filter(
          ({ registry: name, collectable }) => name === registry.name && collectable !== undefined,
        )
        .map(({ path = '', collectable }) => [path, collectable]),
    );
    if (found.size === 0) continue;
    const read = await readRegistry(registry, signal);
    const still = new Set<string>();
    // Directories come with those within others first.
    for (const { path = '', collectable: version } of [
      ...orphans(read),
      ...emptyDirectories(read),
    ]) {
      if (version === undefined || found.get(path) !== version) continue;
      still.add(path);
      collected.push({ path, outcome: await deleted(registry, path, version, signal) });
    }
    for (const path of found.keys())
      if (!still.has(path)) collected.push({ path, outcome: 'kept' });
  }
  return collected;
}

async function deleted(
  { zk }: LintedRegistry,
  path: string,
  version: number,
  signal: AbortSignal,
): Promise<Collected['outcome']> {
  try {
    await zk.delete(path, { version, signal });
    return 'deleted';
  } catch (error) {
    if (isZooKeeperError(error, 'NO_AUTH')) return 'denied';
    const changed =
      isZooKeeperError(error, 'BAD_VERSION') ||
      isZooKeeperError(error, 'NOT_EMPTY') ||
      isZooKeeperError(error, 'NO_NODE');
    if (changed) return 'kept';
    throw error;
  }
}
