import { MARK_LABELS } from '@meshkeeper/mesh';
import type { ApiClient } from '../api/api-client.ts';
import type { KubernetesService } from '../api/objects.ts';
import { RESOURCES } from '../api/resource.ts';
import type { NamedPort } from '../gateway-api/service-naming.ts';
import { Reflector, type ReflectorOptions } from '../reflector/reflector.ts';
import { SERVICE_ANNOTATION } from '../sync/ownership.ts';

/**
 * The Services that this mesh has written into a cluster, as far as it takes to know what they are in the
 * mesh: a route may be for one of them, as for any other.
 */
export class WrittenServices {
  readonly #reflectors: readonly Reflector<KubernetesService, readonly NamedPort[]>[];
  readonly #begun = new Set<object>();
  readonly #changed: () => void;

  constructor(options: {
    readonly client: ApiClient;
    readonly mesh: string;
    /** Those that are read; undefined is all. */
    readonly namespaces: readonly (string | undefined)[];
    readonly changed: () => void;
    readonly times: Pick<
      ReflectorOptions<KubernetesService, unknown>,
      'pageSize' | 'watchTime' | 'idle' | 'backOff'
    >;
  }) {
    const { client, mesh, namespaces, changed, times } = options;
    this.#changed = changed;
    this.#reflectors = namespaces.map(
      (namespace) =>
        new Reflector({
          ...{ ...times, client, namespace, resource: RESOURCES.services },
          labelSelector: `${MARK_LABELS.mesh}=${mesh}`,
          project: portsIn,
        }),
    );
  }

  /** All of them were read. */
  get read(): boolean {
    return this.#begun.size === this.#reflectors.length;
  }

  /** What the ports of one are called in the catalog. */
  portsOf(namespace: string, name: string): readonly NamedPort[] | undefined {
    const key = `${namespace}/${name}`;
    for (const { objects } of this.#reflectors) {
      const found = objects.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Follows them until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    await Promise.all(
      this.#reflectors.map(async (reflector) => {
        for await (const _ of reflector.changes(signal)) {
          this.#begun.add(reflector);
          this.#changed();
        }
      }),
    );
  }
}

function portsIn({ metadata, spec }: KubernetesService): readonly NamedPort[] | undefined {
  const name = metadata.annotations?.[SERVICE_ANNOTATION];
  if (name === undefined) return undefined;
  return (spec?.ports ?? []).map(({ port, name: portName }) => ({
    ...{ name, port },
    ...(portName !== undefined && { portName }),
  }));
}
