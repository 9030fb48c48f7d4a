import { type Policy, policyId } from './kinds.ts';

/**
 * Policies in the order that decides which of those that are equally exact counts, so that the order in
 * which they come says nothing: what operators have applied goes before what a platform has, of which the
 * oldest goes first; then by id.
 */
export function byId(a: Policy, b: Policy): number {
  return compare(since(a), since(b)) || compare(policyId(a), policyId(b));
}

/**
 * The same of routes: of those of one age by `{namespace}/{name}`, as Gateway API has it. When an operator's
 * was created isn't known here.
 */
export function byName(a: Policy, b: Policy): number {
  return compare(since(a), since(b)) || compare(fullName(a), fullName(b)) || byId(a, b);
}

/** True of a policy that an operator has applied: one of a platform says when it was made. */
export function isApplied({ metadata }: Pick<Policy, 'metadata'>): boolean {
  return metadata.creationTimestamp === undefined;
}

/** Times of one format sort as texts. */
function since({ metadata: { creationTimestamp = '' } }: Policy): string {
  return creationTimestamp;
}

/** A policy's name, with its namespace where it has one. */
export function fullName({ metadata: { namespace, name } }: Pick<Policy, 'metadata'>): string {
  return qualified(namespace, name);
}

/** A name in a namespace, where there is one. */
export function qualified(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
