import assert from 'node:assert/strict';
import type { Plane } from '../routes/stand.ts';
import { notDone } from '../stage/unsupported.ts';

/**
 * Proves on each data plane that it does what a policy says, or that it is said not to: it does not do
 * it then, so that the list of what data planes don't do is right both ways.
 * @param field of the policies, as {@link notDone} names it
 * @param check throws an assertion's error where what is said is not done
 */
export async function prove(
  planes: readonly Plane[],
  policies: string,
  field: string,
  check: (plane: Plane) => Promise<void>,
): Promise<void> {
  for (const plane of planes) {
    const { kind } = plane;
    if (!notDone(policies, kind).includes(field)) {
      await told(kind, () => check(plane));
      continue;
    }
    await assert.rejects(
      () => check(plane),
      { code: 'ERR_ASSERTION' },
      `${kind} does ${field}, and is said not to`,
    );
  }
}

/** Adds to a failure at which data plane it was. */
async function told(kind: string, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    throw new Error(`${kind}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
