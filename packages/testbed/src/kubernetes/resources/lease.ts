import { badRequest, type Cause } from '../api-error.ts';
import { type KubernetesObject, part } from '../object.ts';
import type { ResourceType } from './resource-type.ts';

/** A time with exactly six digits after the point, which is all that is understood. */
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/;

function prepare(object: KubernetesObject): void {
  const spec = part(object, 'spec');
  object.spec = spec;
  for (const member of ['acquireTime', 'renewTime']) {
    const time = spec[member];
    if (time === undefined || time === null) continue;
    if (typeof time !== 'string' || !MICRO_TIME.test(time))
      throw badRequest(
        `Lease in version "v1" cannot be handled as a Lease: parsing time ${JSON.stringify(time)} as "2006-01-02T15:04:05.000000Z07:00": cannot parse ${JSON.stringify(String(time).slice(19))} as ".000000"`,
      );
  }
}

function validate(object: KubernetesObject): Cause[] {
  const spec = part(object, 'spec');
  const faults: Cause[] = [];
  const { leaseDurationSeconds: duration, leaseTransitions: transitions } = spec;
  if (typeof duration === 'number' && duration <= 0)
    faults.push({
      field: 'spec.leaseDurationSeconds',
      message: `Invalid value: ${duration}: must be greater than 0`,
    });
  if (typeof transitions === 'number' && transitions < 0)
    faults.push({
      field: 'spec.leaseTransitions',
      message: `Invalid value: ${transitions}: must be greater than or equal to 0`,
    });
  return faults;
}

/** coordination.k8s.io/v1 Lease. */
export const LEASE: ResourceType = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
  createOnUpdate: true,
  unconditionalUpdate: false,
  schema: {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          holderIdentity: { type: 'string' },
          leaseDurationSeconds: { type: 'integer' },
          acquireTime: { type: 'string' },
          renewTime: { type: 'string' },
          leaseTransitions: { type: 'integer' },
        },
      },
    },
  },
  prepare,
  validate,
};
