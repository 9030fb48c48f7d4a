import { resolve } from 'node:path';
import type { PluginFault, ProbeContext } from '@meshkeeper/mesh';
import type { Config } from '../config/schema.ts';
import { ControlPlaneError } from '../control-plane-error.ts';
import { loadPlugins } from './load-plugins.ts';
import { resolveBridges } from './resolve.ts';

/** What was seen of a source or a destination. */
export interface BridgeFault extends PluginFault {
  /** The section that it is in, and its name: `sources: cluster`. Empty: the fault names it. */
  readonly where: string;
}

/**
 * Looks whether sources and destinations would work as they are configured, and changes nothing. Of
 * plug-ins that can't say it nothing is known.
 */
export async function probeBridges(
  config: Config,
  signal: AbortSignal,
): Promise<readonly BridgeFault[]> {
  try {
    const { sources, destinations } = await resolveBridges(
      config,
      await loadPlugins(config.plugins),
    );
    const context: ProbeContext = {
      signal,
      resolve: (path) => resolve(config.folder ?? '.', path),
    };
    const found = await Promise.all([
      ...sources.map(async ({ entry, plugin, settings }) =>
        within(`sources: ${entry.name}`, await plugin.probe?.(settings, context)),
      ),
      ...destinations.map(async ({ entry, plugin, settings }) =>
        within(`destinations: ${entry.name}`, await plugin.probe?.(settings, context)),
      ),
    ]);
    return found.flat();
  } catch (error) {
    if (!(error instanceof ControlPlaneError)) throw error;
    const todo = 'correct it: docs/reference/configuration.md has the settings of each kind';
    return error.message
      .split('\n')
      .map((seen) => ({ where: '', kind: 'settings' as const, seen, todo }));
  }
}

function within(where: string, faults: readonly PluginFault[] = []): BridgeFault[] {
  return faults.map((fault) => ({ ...fault, where }));
}
