import { isPolicyKind, type Policy, policyId, validate } from '@meshkeeper/policy';
import { z } from 'zod';
import { faultsText } from './faults-text.ts';
import { MAX_REVISION, type PolicyRef, refId } from './policy-paths.ts';
import { namespaceAt, sourcedPolicy } from './sourced-policy.ts';

/** A policy as it is kept: with who has applied it, and when. */
export interface StoredPolicy {
  readonly policy: Policy;
  /** The revision of the policies that it came with; 0 of one that a source has. */
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly by?: string;
  /** Of one that a source has, and that is changed there. */
  readonly source?: PolicyHome;
}

/** Where a policy is kept that operators have not applied here. */
export interface PolicyHome {
  /** The source, as it is configured. */
  readonly name: string;
  /** What the source calls it. */
  readonly id: string;
  /** Which of its versions this is. */
  readonly version: string;
}

/** The last moment that a Date can be. */
export const LATEST = 8.64e15;

/** What every version can read of it, whatever a newer one keeps there. */
const stamp = z.object({ revision: z.int().min(0).max(MAX_REVISION) });
const envelope = z.object({
  ...stamp.shape,
  at: z.int().min(0).max(LATEST),
  by: z.string().optional(),
  source: z.object({ name: z.string(), id: z.string(), version: z.string() }).optional(),
  policy: z.looseObject({ kind: z.string() }),
});

/** What a znode holds. */
export type ReadPolicy =
  | { readonly stored: StoredPolicy }
  /** Why it is no policy. */
  | { readonly fault: string };

/** The text of a policy's znode. */
export function encodePolicy({ revision, at, by, source, policy }: StoredPolicy): string {
  return JSON.stringify({ revision, at, ...(by !== undefined && { by }), source, policy });
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
  const { policy: raw, revision, at, by, source } = read.data;
  if (!isPolicyKind(raw.kind)) return { fault: `holds a ${raw.kind}, which is not known here` };
  // What is one of the policies that operators apply is kept by no source.
  if (source !== undefined && ref === undefined) return parseSourced(raw, at, source);
  const { policy, faults } = validate(raw.kind, raw);
  if (policy === undefined) return { fault: `holds no valid policy: ${faultsText(faults)}` };
  if (ref !== undefined && policyId(policy) !== refId(ref))
    return { fault: `holds ${policyId(policy)}` };
  return { stored: { policy, revision, at, ...(by !== undefined && { by }) } };
}

/** A policy that a source had. */
function parseSourced(
  { metadata, ...raw }: Readonly<Record<string, unknown>>,
  at: number,
  { name, id, version }: PolicyHome,
): ReadPolicy {
  const known = z.looseObject({ namespace: z.string() }).safeParse(metadata);
  if (!known.success) return { fault: 'has no namespace' };
  const namespace = namespaceAt(known.data.namespace, name);
  const document = { ...raw, metadata: { ...known.data, namespace } };
  const read = sourcedPolicy(name, { id, version, createdAt: at, document });
  return 'stored' in read ? read : { fault: read.fault };
}

/** The revision that a policy's znode is of, whether or not the rest can be read. */
export function stampOf(data: Buffer): number | undefined {
  try {
    return stamp.parse(JSON.parse(data.toString())).revision;
  } catch {
    return undefined;
  }
}
