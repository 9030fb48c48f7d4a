import type { Dialect } from './dialect.ts';
import { RegistryError } from './registry-error.ts';

/**
 * Where a registry is: the root that was named, or else the dialect's own.
 * @throws RegistryError NO_ROOT when it has none
 */
export function rootOf({
  dialect,
  root = dialect.defaultRoot,
}: {
  readonly dialect: Dialect;
  readonly root?: string | undefined;
}): string {
  if (root !== undefined) return root;
  throw new RegistryError(
    'NO_ROOT',
    `the dialect ${dialect.name} has no root of its own: name the znode that the services are under`,
  );
}
