import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Catalog, PluginContext } from '@meshkeeper/mesh';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import type { Config } from '../config/schema.ts';
import { alsoIn } from '../mirrors/also-in.ts';
import { meshId } from '../mirrors/mesh-id.ts';
import { Selection } from '../mirrors/select.ts';
import type { SourcedPolicies } from '../policies/sourced-policies.ts';
import type { Destination } from './destinations.ts';
import { LatchLeadership } from './leadership.ts';
import { PluginDestination } from './plugin-destination.ts';
import { PluginSource } from './plugin-source.ts';
import type { Bridges } from './resolve.ts';
import { View } from './view.ts';

/** What sources and destinations are opened with. */
export interface OpenBridgesOptions {
  readonly config: Config;
  readonly bridges: Bridges;
  /** Of the ensemble that the replicas share. */
  readonly zk: ZooKeeper;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Where replicas stand for what a destination writes, and for what a source is told of its policies. */
const LEADERS = '/meshkeeper/destinations';
const SOURCE_LEADERS = '/meshkeeper/sources';

/** The sources of `sources:`, in their order. Each is opened when it is followed. */
export function openSources(
  options: OpenBridgesOptions & { readonly policies: SourcedPolicies },
  stack: AsyncDisposableStack,
): PluginSource[] {
  const { bridges, zk, logger, now, policies } = options;
  return bridges.sources.map(({ entry, plugin, settings }) => {
    const { name, prefix, locality } = entry;
    const leader = stack.use(new LatchLeadership(zk, `${SOURCE_LEADERS}/${name}`));
    return new PluginSource({
      ...{ name, prefix, locality, logger, now },
      policies: policies.of(name),
      async open(signal) {
        const context = await contextOf(options, 'sources', name, signal);
        const nameOf = (service: string) => `${prefix}${service}`;
        return plugin.open(settings, { ...context, nameOf, leader });
      },
    });
  });
}

/** The destinations of `destinations:`, in their order. Each is opened in the background. */
export function openDestinations(
  options: OpenBridgesOptions & { readonly catalog: Catalog },
  stack: AsyncDisposableStack,
): Destination[] {
  const { config, bridges, zk, catalog, logger, now } = options;
  return bridges.destinations.map(({ entry, plugin, settings }) => {
    const { name, kind, from } = entry;
    // What a platform has itself is not brought there, unless that is asked for.
    const home = config.sources.filter((source) => source.kind === kind);
    const names = home.map((source) => source.name).filter((each) => each !== from.registry);
    const leader = stack.use(new LatchLeadership(zk, `${LEADERS}/${name}`));
    const running = new PluginDestination({
      ...{ name, logger, now },
      async open(signal) {
        const context = await contextOf(options, 'destinations', name, signal);
        const mark = { mesh: context.mesh, rule: name };
        const view = new View(new Selection({ from }, names), mark, alsoIn(catalog));
        return {
          plane: await plugin.open(settings, { ...context, leader }),
          view: (snapshot) => view.of(snapshot),
        };
      },
    });
    return { kind, plane: stack.use(running), waits: true, leader };
  });
}

/** What tells a source from another of its name: not its settings themselves, which may be secret. */
export function identityOfSource({ name, kind, settings }: Config['sources'][number]) {
  const hash = createHash('sha256').update(JSON.stringify(settings)).digest('hex');
  return { name, identity: JSON.stringify([name, kind, hash]) };
}

async function contextOf(
  { config, zk, logger, now }: OpenBridgesOptions,
  section: string,
  name: string,
  signal: AbortSignal,
): Promise<PluginContext> {
  const { dataDir } = config.controlPlane;
  const folder = dataDir === undefined ? undefined : join(resolve(dataDir), section, name);
  if (folder !== undefined) await mkdir(folder, { recursive: true });
  return {
    ...{ name, signal, logger, now },
    mesh: await meshId(zk, signal),
    dataDir: folder,
    resolve: (path) => resolve(config.folder ?? '.', path),
  };
}
