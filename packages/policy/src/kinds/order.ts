import { type Policy, policyId } from './kinds.ts';

/** Policies in the order of their ids, so that the order in which they come says nothing. */
export function byId(a: Policy, b: Policy): number {
  return compare(policyId(a), policyId(b));
}

/**
 * Routes in the order that decides between those that are equally exact: by `{namespace}/{name}`, as
 * Gateway API has it where none is the older; when each was created isn't known here.
 */
export function byName(a: Policy, b: Policy): number {
  return compare(fullName(a), fullName(b)) || byId(a, b);
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
