import { isIP } from 'node:net';
import type { Cause } from '../api-error.ts';
import { type JsonObject, type KubernetesObject, list, objects, part, text } from '../object.ts';
import { SERVICE_PORTS } from '../patch/list-rules.ts';
import type { Schema } from '../schema/schema.ts';
import { nameFaults, qualifiedFaults } from './names.ts';
import type { Cluster, ResourceType } from './resource-type.ts';

const string: Schema = { type: 'string' };
const integer: Schema = { type: 'integer' };
const bool: Schema = { type: 'boolean' };
const strings: Schema = { type: 'array', items: string };
const texts: Schema = { type: 'object', additionalProperties: string };
const any: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const anyList: Schema = { type: 'array', items: any };

const SPEC: Schema = {
  type: 'object',
  properties: {
    ports: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: string,
          port: integer,
          protocol: string,
          appProtocol: string,
          targetPort: { 'x-kubernetes-int-or-string': true },
          nodePort: integer,
        },
      },
    },
    selector: texts,
    clusterIP: string,
    clusterIPs: strings,
    type: string,
    externalIPs: strings,
    sessionAffinity: string,
    sessionAffinityConfig: any,
    loadBalancerIP: string,
    loadBalancerSourceRanges: strings,
    loadBalancerClass: string,
    externalName: string,
    externalTrafficPolicy: string,
    internalTrafficPolicy: string,
    healthCheckNodePort: integer,
    publishNotReadyAddresses: bool,
    ipFamilies: strings,
    ipFamilyPolicy: string,
    allocateLoadBalancerNodePorts: bool,
    trafficDistribution: string,
  },
};

const STATUS: Schema = {
  type: 'object',
  properties: {
    loadBalancer: { type: 'object', properties: { ingress: anyList } },
    conditions: anyList,
  },
};

type Family = 'IPv4' | 'IPv6';

function prepare(
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  cluster: Cluster,
): void {
  const spec = part(object, 'spec');
  object.spec = spec;
  const before = part(old, 'spec');
  spec.type ??= 'ClusterIP';
  spec.sessionAffinity ??= 'None';
  for (const port of objects(spec, 'ports')) {
    port.protocol ??= 'TCP';
    if ((port.targetPort ?? 0) === 0) port.targetPort = port.port!;
  }
  if (objects(spec, 'ports').length === 0) delete spec.ports;
  if (spec.sessionAffinity === 'ClientIP')
    spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: 10_800 } };
  if (list(spec, 'externalIPs').length > 0) spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'ExternalName') {
    for (const member of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'])
      delete spec[member];
  } else {
    addresses(spec, before, cluster);
    spec.internalTrafficPolicy ??= 'Cluster';
  }
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') {
    spec.externalTrafficPolicy ??= 'Cluster';
    if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
    const had = objects(before, 'ports');
    for (const port of objects(spec, 'ports'))
      port.nodePort ??=
        had.find((one) => one.port === port.port && one.protocol === port.protocol)?.nodePort ??
        cluster.allocateNodePort();
  }
  object.status ??= { loadBalancer: {} };
  for (const each of objects(part(part(object, 'status'), 'loadBalancer'), 'ingress'))
    if (each.ip !== undefined) each.ipMode ??= 'VIP';
}

function addresses(spec: JsonObject, before: JsonObject, cluster: Cluster): void {
  // What an update leaves out is as it was.
  for (const member of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'])
    if (spec[member] === undefined || spec[member] === '')
      if (before[member] !== undefined) spec[member] = before[member];
  const headless = spec.clusterIP === 'None';
  const selects = Object.keys(part(spec, 'selector')).length > 0;
  // A headless Service without a selector may hold either family.
  spec.ipFamilyPolicy ??= headless && !selects ? 'RequireDualStack' : 'SingleStack';
  const dual =
    spec.ipFamilyPolicy === 'RequireDualStack' || spec.ipFamilyPolicy === 'PreferDualStack';
  const stated = (spec.ipFamilies ?? []) as Family[];
  const first = stated[0] ?? (text(spec, 'clusterIP')?.includes(':') ? 'IPv6' : 'IPv4');
  const second = first === 'IPv4' ? 'IPv6' : 'IPv4';
  const families: Family[] = dual && (headless || stated.length > 1) ? [first, second] : [first];
  spec.ipFamilies = families;
  if (headless) {
    spec.clusterIPs = ['None'];
    return;
  }
  if (spec.clusterIP === undefined || spec.clusterIP === '') {
    spec.clusterIPs = families.map((family) => cluster.allocateAddress(family));
    spec.clusterIP = spec.clusterIPs[0];
  } else spec.clusterIPs ??= [spec.clusterIP];
}

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

function validate(object: KubernetesObject, old: KubernetesObject | undefined): Cause[] {
  const spec = part(object, 'spec');
  const faults: Cause[] = [];
  const fault = (field: string, message: string, reason?: string) =>
    faults.push({ field, message, ...(reason !== undefined && { reason }) });
  const type = text(spec, 'type') ?? '';
  if (!TYPES.includes(type))
    fault(
      'spec.type',
      `Unsupported value: "${type}": supported values: ${TYPES.map((one) => `"${one}"`).join(', ')}`,
      'FieldValueNotSupported',
    );
  const ports = objects(spec, 'ports');
  if (ports.length === 0 && type !== 'ExternalName' && spec.clusterIP !== 'None')
    fault('spec.ports', 'Required value', 'FieldValueRequired');
  if (type === 'ExternalName' && (text(spec, 'externalName') ?? '') === '')
    fault('spec.externalName', 'Required value', 'FieldValueRequired');
  const names = new Set<string>();
  const numbers = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const field = `spec.ports[${i}]`;
    const name = text(port, 'name') ?? '';
    if (name === '' && ports.length > 1)
      fault(`${field}.name`, 'Required value', 'FieldValueRequired');
    if (name !== '') faults.push(...nameFaults(name, 'label', `${field}.name`));
    if (name !== '' && names.has(name))
      fault(`${field}.name`, `Duplicate value: "${name}"`, 'FieldValueDuplicate');
    names.add(name);
    const range = (of: string, value: unknown) =>
      fault(`${field}.${of}`, `Invalid value: ${value}: must be between 1 and 65535, inclusive`);
    if (!isPort(port.port)) range('port', port.port);
    if (typeof port.targetPort === 'number' && !isPort(port.targetPort))
      range('targetPort', port.targetPort);
    if (port.appProtocol !== undefined)
      faults.push(...qualifiedFaults(String(port.appProtocol), `${field}.appProtocol`));
    if (!['TCP', 'UDP', 'SCTP'].includes(String(port.protocol)))
      fault(
        `${field}.protocol`,
        `Unsupported value: "${port.protocol}": supported values: "SCTP", "TCP", "UDP"`,
        'FieldValueNotSupported',
      );
    const key = `${port.port}/${port.protocol}`;
    if (numbers.has(key))
      fault(
        field,
        `Duplicate value: {"Name":"","Protocol":"${port.protocol}","AppProtocol":null,"Port":${port.port},"TargetPort":0,"NodePort":0}`,
        'FieldValueDuplicate',
      );
    numbers.add(key);
  }
  const ingress = objects(part(part(object, 'status'), 'loadBalancer'), 'ingress');
  for (const [i, { ip }] of ingress.entries())
    if (ip !== undefined && isIP(String(ip)) === 0)
      fault(
        `status.loadBalancer.ingress[${i}].ip`,
        `Invalid value: "${ip}": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`,
      );
  const before = part(old, 'spec');
  const had = before.clusterIP;
  if (had !== undefined && before.type !== 'ExternalName' && type !== 'ExternalName')
    if (spec.clusterIP !== had)
      fault('spec.clusterIPs[0]', `Invalid value: ["${spec.clusterIP}"]: may not change once set`);
  return faults;
}

function isPort(port: unknown): boolean {
  return typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** core/v1 Service. */
export const SERVICE: ResourceType = {
  group: '',
  version: 'v1',
  plural: 'services',
  kind: 'Service',
  namespaced: true,
  shortNames: ['svc'],
  categories: ['all'],
  status: true,
  createOnUpdate: true,
  returnsDeleted: true,
  names: 'service',
  fields: ['spec.clusterIP', 'spec.type'],
  lists: {
    ports: SERVICE_PORTS,
    selector: { apply: 'atomic' },
    ingress: { apply: 'atomic' },
  },
  schema: { type: 'object', properties: { spec: SPEC, status: STATUS } },
  prepare,
  validate,
};
