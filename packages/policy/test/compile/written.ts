import type { Policies, TrafficRule } from '@meshkeeper/mesh';
import { compilePolicies, type Policy } from '@meshkeeper/policy';
import { policiesOf } from '../support.ts';

/** A kind with a name, perhaps in a namespace (`HTTPRoute/team/a`), and a spec. */
export type Written = readonly [id: string, spec: unknown];

/** Policies in which nothing is wrong. */
export function policies(all: readonly Written[]): readonly Policy[] {
  const texts = all.map(([id, spec]) => {
    const [kind = '', ...names] = id.split('/');
    const group = /Route$|^Gateway$/.test(kind) ? 'gateway.networking.k8s.io' : 'meshkeeper.io';
    const [name, namespace] = names.reverse();
    return JSON.stringify({ apiVersion: `${group}/v1`, kind, metadata: { name, namespace }, spec });
  });
  return policiesOf(texts.join('\n---\n'));
}

/** What policies compile to. */
export function compiled(...all: readonly Written[]): Policies {
  return compilePolicies(policies(all));
}

/** A parent: a service. */
export const toService = (name: string) => ({ group: '', kind: 'Service', name });

/** A backend: a subset. */
export const subset = (name: string, weight = 1) => ({
  group: 'meshkeeper.io',
  kind: 'Subset',
  name,
  weight,
});

/** A route for the callers of `orders`. */
export function route(id: string, rules: readonly object[], of: object = {}): Written {
  return [id, { parentRefs: [toService('orders')], rules, ...of }];
}

/** The rules for callers of `orders`. */
export function rulesOf(...all: readonly Written[]): readonly TrafficRule[] {
  return compiled(...all).routes.get('orders')?.rules ?? [];
}

/** A rule as its policy and name. */
export function names(rules: readonly TrafficRule[] = []): string {
  return rules.map(({ origin, name }) => `${origin.path} ${name}`).join(', ');
}
