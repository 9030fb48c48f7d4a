import { isPolicyKind, type Policy, pathText, policyId, validate } from '@meshkeeper/policy';
import { z } from 'zod';
import { MAX_REVISION, type PolicyRef, refId } from './policy-paths.ts';

/** A policy as it is kept: with who has applied it, and when. */
export interface StoredPolicy {
  readonly policy: Policy;
  /** The revision of the policies that it came with. */
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly by?: string;
}

/** Of the faults of a znode so many are told. */
const FAULTS = 3;

/** The last moment that a Date can be. */
export const LATEST = 8.64e15;

/** What every version can read of it, whatever a newer one keeps there. */
const stamp = z.object({ revision: z.int().min(0).max(MAX_REVISION) });
const envelope = z.object({
  ...stamp.shape,
  at: z.int().min(0).max(LATEST),
  by: z.string().optional(),
  policy: z.looseObject({ kind: z.string() }),
});

/** What a znode holds. */
export type ReadPolicy =
  | { readonly stored: StoredPolicy }
  /** Why it is no policy. */
  | { readonly fault: string };

/** The text of a policy's znode. */
export function encodePolicy({ revision, at, by, policy }: StoredPolicy): string {
  return JSON.stringify({ revision, at, ...(by !== undefined && { by }), policy });
}

/** Reads a policy as it is kept, which has to be this one if one is named. It never throws. */
export function parsePolicy(data: Buffer, ref?: PolicyRef): ReadPolicy {
  let value: unknown;
  try {
    value = JSON.parse(data.toString());
  } catch {
    return { fault: 'holds no JSON' };
  }
  const read = envelope.safeParse(value);
  if (!read.success) return { fault: 'is not written as Meshkeeper keeps policies' };
  const { policy: raw, revision, at, by } = read.data;
  if (!isPolicyKind(raw.kind)) return { fault: `holds a ${raw.kind}, which is not known here` };
  const { policy, faults } = validate(raw.kind, raw);
  if (policy === undefined) return { fault: `holds no valid policy: ${faultsText(faults)}` };
  if (ref !== undefined && policyId(policy) !== refId(ref))
    return { fault: `holds ${policyId(policy)}` };
  return { stored: { policy, revision, at, ...(by !== undefined && { by }) } };
}

/** The revision that a policy's znode is of, whether or not the rest can be read. */
export function stampOf(data: Buffer): number | undefined {
  try {
    return stamp.parse(JSON.parse(data.toString())).revision;
  } catch {
    return undefined;
  }
}

function faultsText(faults: ReturnType<typeof validate>['faults']): string {
  const texts = faults
    .filter(({ severity }) => severity === 'error')
    .map(({ path, message }) => `${pathText(path)} ${message}`);
  const more = texts.length > FAULTS ? `; and ${texts.length - FAULTS} more` : '';
  return `${texts.slice(0, FAULTS).join('; ')}${more}`;
}
