import type { Cause } from '../api-error.ts';
import { type KubernetesObject, objects, part, text } from '../object.ts';
import { CONTAINER_PORTS } from '../patch/list-rules.ts';
import { nameFaults } from './names.ts';
import type { ResourceType } from './resource-type.ts';

function prepare(object: KubernetesObject): void {
  const spec = part(object, 'spec');
  object.spec = spec;
  spec.restartPolicy ??= 'Always';
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.schedulerName ??= 'default-scheduler';
  spec.serviceAccountName ??= 'default';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.enableServiceLinks ??= true;
  spec.securityContext ??= {};
  for (const container of [...objects(spec, 'initContainers'), ...objects(spec, 'containers')]) {
    container.terminationMessagePath ??= '/dev/termination-log';
    container.terminationMessagePolicy ??= 'File';
    container.imagePullPolicy ??= /:(?!latest$)[^/]+$/.test(text(container, 'image') ?? '')
      ? 'IfNotPresent'
      : 'Always';
    container.resources ??= {};
    for (const port of objects(container, 'ports')) port.protocol ??= 'TCP';
  }
  object.status ??= { phase: 'Pending', qosClass: 'BestEffort' };
}

function validate(object: KubernetesObject, old: KubernetesObject | undefined): Cause[] {
  const spec = part(object, 'spec');
  const faults: Cause[] = [];
  const containers = objects(spec, 'containers');
  if (containers.length === 0)
    faults.push({
      field: 'spec.containers',
      message: 'Required value',
      reason: 'FieldValueRequired',
    });
  const volumes = new Set(objects(spec, 'volumes').map((volume) => volume.name));
  const seen = new Set<string>();
  for (const list of ['initContainers', 'containers'])
    for (const [i, container] of objects(spec, list).entries()) {
      const field = `spec.${list}[${i}]`;
      const name = text(container, 'name') ?? '';
      faults.push(...nameFaults(name, 'label', `${field}.name`));
      if (seen.has(name))
        faults.push({
          field: `${field}.name`,
          message: `Duplicate value: "${name}"`,
          reason: 'FieldValueDuplicate',
        });
      seen.add(name);
      if ((text(container, 'image') ?? '') === '')
        faults.push({
          field: `${field}.image`,
          message: 'Required value',
          reason: 'FieldValueRequired',
        });
      if (list === 'containers' && container.restartPolicy === 'Always')
        faults.push({
          field: `${field}.restartPolicy`,
          message: 'Forbidden: may not be set for non-init containers',
          reason: 'FieldValueForbidden',
        });
      for (const [j, mount] of objects(container, 'volumeMounts').entries())
        if (!volumes.has(mount.name))
          faults.push({
            field: `${field}.volumeMounts[${j}].name`,
            message: `Not found: "${mount.name}"`,
            reason: 'FieldValueNotFound',
          });
    }
  const before = objects(part(old, 'spec'), 'containers');
  if (old !== undefined && before.length !== containers.length)
    faults.push({
      field: 'spec',
      message: 'Forbidden: pod updates may not add or remove containers',
      reason: 'FieldValueForbidden',
    });
  return faults;
}

/** core/v1 Pod. Nothing runs it. */
export const POD: ResourceType = {
  group: '',
  version: 'v1',
  plural: 'pods',
  kind: 'Pod',
  namespaced: true,
  shortNames: ['po'],
  categories: ['all'],
  status: true,
  generation: true,
  returnsDeleted: true,
  fields: ['spec.nodeName', 'spec.serviceAccountName', 'status.phase', 'status.podIP'],
  lists: { ports: CONTAINER_PORTS },
  prepare,
  validate,
};
