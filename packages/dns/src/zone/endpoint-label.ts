import { hash } from 'node:crypto';
import type { Endpoint } from '@meshkeeper/mesh';

/** The catalog keeps an endpoint's object while it does not change. */
const labels = new WeakMap<Endpoint, string>();

/** What stands for an endpoint's id in its name: ids may have any length, and any characters. */
export function endpointLabel(endpoint: Endpoint): string {
  const known = labels.get(endpoint);
  if (known !== undefined) return known;
  const label = hash('sha256', endpoint.id, 'hex').slice(0, 12);
  labels.set(endpoint, label);
  return label;
}
