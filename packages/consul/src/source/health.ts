import type { Health } from '@meshkeeper/mesh';
import type { CheckRecord } from '../client/records.ts';

/** What the checks of an instance, and of its node, come to. */
export interface Fitness {
  readonly health: Health;
  /** It has a warning: another weight counts. */
  readonly warning: boolean;
}

/** Maintenance of a node, and of an instance: checks that Consul makes itself. */
const MAINTENANCE = /^_(?:node_maintenance$|service_maintenance:)/;

/**
 * One critical check is enough; who is in maintenance takes no new requests but ends those it has; of
 * one without checks nobody knows anything, which counts as passing as it does at Consul.
 */
export function fitnessOf(checks: readonly CheckRecord[]): Fitness {
  if (checks.length === 0) return { health: 'unknown', warning: false };
  const failing = checks.filter(({ Status }) => Status === 'critical' || Status === 'maintenance');
  const drains = failing.filter(
    ({ CheckID, Status }) => Status === 'maintenance' || MAINTENANCE.test(CheckID),
  );
  if (failing.length > drains.length) return { health: 'unhealthy', warning: false };
  if (drains.length > 0) return { health: 'draining', warning: false };
  return { health: 'healthy', warning: checks.some(({ Status }) => Status === 'warning') };
}
