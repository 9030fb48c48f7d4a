import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DataPlane,
  type DataPlaneState,
  type DestinationPlugin,
  type Endpoint,
  NO_LOCALITY,
  type PluginContext,
  type RegistrySource,
  type Service,
  type SourceChange,
  type SourcePlugin,
  type SourceState,
} from '@meshkeeper/mesh';

/** A platform in memory: a source reads it, a destination writes to it. */
export class Platform {
  readonly services = new Map<string, readonly Endpoint[]>();
  readonly #followers = new Set<() => void>();
  /** What is written, in its order. */
  readonly written: string[] = [];

  set(service: string, endpoints: readonly Endpoint[]): void {
    this.services.set(service, endpoints);
    for (const follower of this.#followers) follower();
  }

  delete(service: string): void {
    this.services.delete(service);
    for (const follower of this.#followers) follower();
  }

  /** Everything, at first and whenever something has changed. */
  async *follow(signal: AbortSignal): AsyncGenerator<readonly Service[]> {
    let news = Promise.withResolvers<void>();
    const follower = () => news.resolve();
    this.#followers.add(follower);
    signal.addEventListener('abort', follower);
    try {
      while (!signal.aborted) {
        news = Promise.withResolvers();
        yield [...this.services].map(
          ([name, endpoints]) => ({ name, protocol: 'http', endpoints }) as const,
        );
        await news.promise;
      }
    } finally {
      this.#followers.delete(follower);
    }
  }
}

/** An endpoint as the platform has it. */
export function onPlatform(id: string, metadata: Record<string, string> = {}): Endpoint {
  const [address = '', port] = id.split(':');
  return {
    ...{ id, address, port: Number(port), weight: 100, locality: NO_LOCALITY },
    ...{ health: 'healthy', metadata },
    origin: { registry: 'whatever', path: `Endpoint ${id}`, version: '7' },
  };
}

class MemorySource implements RegistrySource {
  readonly name = 'memory';
  state: SourceState = { type: 'starting' };
  readonly problems = new Map();
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  async *changes(signal: AbortSignal): AsyncGenerator<SourceChange> {
    for await (const services of this.#platform.follow(signal)) {
      this.state = { type: 'live' };
      yield { type: 'reset', services };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A kind of sources that reads the platform of that name. */
export function memorySource(
  platforms: ReadonlyMap<string, Platform>,
  opened: (context: PluginContext) => void = () => {},
): SourcePlugin<string> {
  return {
    kind: 'source',
    name: 'memory',
    schema: platformSchema(platforms),
    async open(settings, context) {
      opened(context);
      return new MemorySource(platforms.get(settings)!);
    },
  };
}

/** A kind of destinations that writes to the platform of that name. */
export function memoryDestination(
  platforms: ReadonlyMap<string, Platform>,
): DestinationPlugin<string> {
  return {
    kind: 'destination',
    name: 'memory-copy',
    schema: platformSchema(platforms),
    async open(settings, { name }): Promise<DataPlane> {
      const platform = platforms.get(settings)!;
      let state: DataPlaneState = { type: 'starting' };
      return {
        name,
        get state() {
          return state;
        },
        problems: new Map(),
        update({ revision }, changes) {
          for (const change of changes) {
            platform.written.push(`${change.type} ${change.name}`);
            if (change.type === 'removed') platform.delete(change.name);
            else platform.set(change.name, change.after.endpoints);
          }
          state = { type: 'applied', revision };
        },
        async close() {},
        async [Symbol.asyncDispose]() {},
      };
    },
  };
}

function platformSchema(platforms: ReadonlyMap<string, Platform>): SourcePlugin<string>['schema'] {
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate(value) {
        const { platform } = value as { readonly platform?: unknown };
        if (typeof platform === 'string' && platforms.has(platform)) return { value: platform };
        return { issues: [{ path: ['platform'], message: 'there is no such platform' }] };
      },
    },
  };
}

/** A module of plug-ins that a configuration can name; a new one each, as modules are kept. */
export function writeModule(folder: string, plugins: readonly unknown[]): string {
  const key = `meshkeeper.test.${randomUUID()}`;
  Object.assign(globalThis, { [Symbol.for(key)]: plugins });
  const file = join(folder, `${key}.mjs`);
  writeFileSync(file, `export default globalThis[Symbol.for('${key}')];\n`);
  return file;
}
