import { isDeepStrictEqual } from 'node:util';
import type { Owned } from './owned.ts';
import type { Registration } from './registration.ts';

/** One thing to do, of one instance. */
export type Write =
  | {
      readonly type: 'set';
      readonly registration: Registration;
      /** What of it differs: the instance itself, its check, or both. */
      readonly service: boolean;
      readonly check: boolean;
    }
  | { readonly type: 'delete'; readonly id: string; readonly owned: Owned };

/** How much may be taken away at once. */
export interface DeleteLimits {
  readonly maxDeleteShare: number;
  readonly allowMassDelete: boolean;
}

/** What there is to do. */
export interface Plan {
  readonly writes: readonly Write[];
  /** What would be taken away, and is not. */
  readonly held: readonly string[];
  /** Why, in words. */
  readonly reason: string | undefined;
}

/** So few are always taken away: a share of little is nothing. */
const FEW = 4;

/**
 * What makes Consul's as it is to be, and no more. Pure.
 * @param ids of those that may differ
 */
export function planOf(
  ids: Iterable<string>,
  wanted: ReadonlyMap<string, Registration>,
  owned: ReadonlyMap<string, Owned>,
  limits: DeleteLimits,
): Plan {
  const writes: Write[] = [];
  const deletes: (Write & { readonly type: 'delete' })[] = [];
  for (const id of ids) {
    const registration = wanted.get(id);
    const there = owned.get(id);
    if (registration === undefined) {
      if (there !== undefined) deletes.push({ type: 'delete', id, owned: there });
      continue;
    }
    const { service, check } = differences(registration, there?.registration);
    if (service || check) writes.push({ type: 'set', registration, service, check });
  }
  const reason = whyHeld(deletes.length, wanted.size, owned.size, limits);
  return reason === undefined
    ? { writes: [...writes, ...deletes], held: [], reason }
    : { writes, held: deletes.map(({ id }) => id), reason };
}

function differences(wanted: Registration, there: Owned['registration'] | undefined) {
  if (there === undefined) return { service: true, check: true };
  const { status, output, ...service } = wanted;
  const { status: oldStatus, output: oldOutput, ...before } = there;
  return {
    service: !isDeepStrictEqual(service, before),
    check: status !== oldStatus || output !== oldOutput,
  };
}

function whyHeld(
  deletes: number,
  wanted: number,
  owned: number,
  { maxDeleteShare, allowMassDelete }: DeleteLimits,
): string | undefined {
  if (deletes === 0 || allowMassDelete) return undefined;
  const what = `${deletes} of ${owned} instances would be taken away`;
  const how = 'set allowMassDelete for a time if that is meant';
  if (wanted === 0) return `the mesh has nothing to bring, and ${what}: ${how}`;
  if (deletes <= FEW || deletes <= maxDeleteShare * owned) return undefined;
  return `${what} at once, which is more than ${Math.round(100 * maxDeleteShare)} %: ${how}`;
}
