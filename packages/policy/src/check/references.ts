import { type Destination, destination } from '../kinds/backend-ref.ts';
import type { GRPCFilter, HTTPFilter } from '../kinds/filters.ts';
import type { Policy, Route } from '../kinds/kinds.ts';

/** A reference of a route to where requests go. */
export interface Reference {
  readonly to: Destination;
  readonly name: string;
  readonly kind: string;
  readonly path: readonly PropertyKey[];
}

/** True of policies that say where requests go. */
export function isRoute(policy: Policy): policy is Route {
  return policy.kind === 'HTTPRoute' || policy.kind === 'GRPCRoute' || policy.kind === 'TCPRoute';
}

/** A rule of a route, of whatever kind. */
export interface Rule {
  readonly name?: string | undefined;
  readonly filters?: readonly (HTTPFilter | GRPCFilter)[] | undefined;
  readonly backendRefs?:
    | readonly {
        readonly group: string;
        readonly kind: string;
        readonly name: string;
        readonly weight: number;
      }[]
    | undefined;
}

/** The rules of a route. */
export function rulesOf(route: Route): readonly Rule[] {
  return route.spec.rules ?? [];
}

/** All references of a route to where requests go, mirrored ones too. */
export function references(route: Route): Reference[] {
  return rulesOf(route).flatMap(({ filters = [], backendRefs = [] }, rule) => {
    const at = ['spec', 'rules', rule];
    const mirrors = filters.flatMap((filter, i): Reference[] => {
      if (filter.type !== 'RequestMirror') return [];
      const ref = filter.requestMirror.backendRef;
      return [reference(ref, [...at, 'filters', i, 'requestMirror', 'backendRef'])];
    });
    return [...backendRefs.map((ref, i) => reference(ref, [...at, 'backendRefs', i])), ...mirrors];
  });
}

function reference(
  ref: { readonly group: string; readonly kind: string; readonly name: string },
  path: readonly PropertyKey[],
): Reference {
  return { to: destination(ref), name: ref.name, kind: ref.kind, path };
}

/** Namespaces are compared as Kubernetes does; a policy without one is in its own. */
export function sameNamespace(a: string | undefined, b: string | undefined): boolean {
  return (a ?? '') === (b ?? '');
}

/** What checks say of a service: quoted, since its name may hold anything. */
export function quoted(name: string): string {
  return JSON.stringify(name);
}
