import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import { type Dialect, Registrar, RegistryError } from '@meshkeeper/registries';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import type { Logger } from '../logger.ts';
import { SdkError } from '../sdk-error.ts';
import type { Entry, Registry } from './registry.ts';

/** What a registry in ZooKeeper takes. */
export interface ZooKeeperRegistryOptions {
  /** Opened with `onExpired: 'renew'`. */
  readonly zk: ZooKeeper;
  readonly dialect: Dialect;
  /** Default: the dialect's. */
  readonly root: string | undefined;
  readonly logger: Logger;
}

/** Registers instances straight in ZooKeeper, as one of the registries' own libraries would. */
export function zooKeeperRegistry({
  zk,
  dialect,
  root,
  logger,
}: ZooKeeperRegistryOptions): Registry {
  const registrar = new Registrar({ zk, dialect, logger, ...(root !== undefined && { root }) });
  return {
    async add({ locality, ...instance }, { signal } = {}): Promise<Entry> {
      const registered = await refusing(() =>
        registrar.register(
          { ...plain(instance), ...(locality !== undefined && { locality }) },
          { signal },
        ),
      );
      return {
        setHealth: (health, options) => refusing(() => registered.revise({ health }, options)),
        remove: () => registered.close(),
      };
    },
  };
}

/** Without what is as usual: not every dialect has a place for it. */
function plain<I extends { readonly weight: number; readonly metadata: object }>(
  instance: I,
): Omit<I, 'weight' | 'metadata'> & Partial<Pick<I, 'weight' | 'metadata'>> {
  const { weight, metadata, ...rest } = instance;
  return {
    ...rest,
    ...(weight !== DEFAULT_WEIGHT && { weight }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

async function refusing<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof RegistryError)) throw cause;
    throw new SdkError('REFUSED', cause.message, { cause });
  }
}
