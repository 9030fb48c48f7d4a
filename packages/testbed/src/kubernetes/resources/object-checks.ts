import { randomUUID } from 'node:crypto';
import { badRequest, type Cause, invalid, type Subject } from '../api-error.ts';
import { isObject, type JsonObject, type KubernetesObject, type ObjectMeta } from '../object.ts';
import { prune, setDefaults } from '../schema/prune.ts';
import { validate } from '../schema/validate.ts';
import { metadataFaults, nameFaults } from './names.ts';
import type { Write } from './object-api.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';

/** Fills in what the address says. @throws ApiError 400 */
export function checkBody(body: KubernetesObject, { type, namespace }: Write): void {
  const expected = apiVersionOf(type);
  if (!isObject(body)) throw badRequest('the body is no object');
  body.apiVersion ??= expected;
  body.kind ??= type.kind;
  if (body.apiVersion !== expected || body.kind !== type.kind)
    throw badRequest(
      `${body.kind} in version "${body.apiVersion}" cannot be handled as a ${type.kind}: no kind "${body.kind}" is registered for version "${body.apiVersion}"`,
    );
  body.metadata ??= { name: '' };
  const stated = body.metadata.namespace;
  if (namespace === undefined) delete body.metadata.namespace;
  else if (stated !== undefined && stated !== '' && stated !== namespace)
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  else body.metadata.namespace = namespace;
}

/** Unknown fields are removed, and told of; what is not stated gets its default. @throws ApiError 400 */
export function clean(object: KubernetesObject, { type, fieldValidation, warnings }: Write): void {
  const { schema } = type;
  if (schema === undefined) return;
  const { apiVersion, kind, metadata } = object;
  const inner = content(object, true);
  const unknown = prune(inner, schema);
  if (unknown.length > 0 && fieldValidation === 'Strict')
    throw badRequest(
      `${kind} in version "${version(apiVersion)}" cannot be handled as a ${kind}: strict decoding error: ${unknown.map((field) => `unknown field "${field}"`).join(', ')}`,
    );
  if (fieldValidation === 'Warn')
    for (const field of unknown) warnings.push(`unknown field "${field}"`);
  if (type.custom === true) setDefaults(inner, schema);
  else {
    const [fault] = validate(withoutNulls(inner), schema);
    if (fault !== undefined)
      throw badRequest(
        `${kind} in version "${version(apiVersion)}" cannot be handled as a ${kind}: json: cannot unmarshal into Go struct field ${kind}.${fault.field}`,
      );
  }
  for (const name of Object.keys(object)) delete object[name];
  Object.assign(object, { apiVersion, kind, metadata }, inner);
}

/** What the API says itself of what is new. */
export function initialise({ metadata }: KubernetesObject, type: ResourceType): void {
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp();
  delete metadata.deletionTimestamp;
  delete metadata.managedFields;
  delete metadata.selfLink;
  if (type.generation === true) metadata.generation = 1;
  else delete metadata.generation;
}

/** What a PUT makes: the status by itself, the rest without it. */
export function merged(
  old: KubernetesObject,
  wanted: KubernetesObject,
  type: ResourceType,
  subresource: string,
): KubernetesObject {
  if (subresource === 'status')
    return { ...structuredClone(old), status: wanted.status } as KubernetesObject;
  const { uid, creationTimestamp, deletionTimestamp, generation, resourceVersion } = old.metadata;
  const metadata: ObjectMeta = {
    ...wanted.metadata,
    uid: uid!,
    creationTimestamp: creationTimestamp!,
    resourceVersion: resourceVersion!,
    ...(generation !== undefined && { generation }),
    ...(old.metadata.managedFields !== undefined && {
      managedFields: old.metadata.managedFields,
    }),
  };
  delete metadata.selfLink;
  if (deletionTimestamp !== undefined) metadata.deletionTimestamp = deletionTimestamp;
  else delete metadata.deletionTimestamp;
  const status = type.status === true ? old.status : wanted.status;
  const next = { ...wanted, metadata, status: structuredClone(status) } as KubernetesObject;
  if (status === undefined) delete next.status;
  return next;
}

/** @throws ApiError 422 */
export function check(
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  type: ResourceType,
): void {
  const { name = '' } = object.metadata;
  // Go leaves out what is empty.
  for (const member of ['labels', 'annotations'] as const)
    if (Object.keys(object.metadata[member] ?? { '': '' }).length === 0)
      delete object.metadata[member];
  const faults: Cause[] = [];
  if (name === '')
    faults.push({
      field: 'metadata.name',
      message: 'Required value: name or generateName is required',
      reason: 'FieldValueRequired',
    });
  else if (old === undefined) faults.push(...nameFaults(name, type.names ?? 'subdomain'));
  faults.push(...metadataFaults(object));
  if (type.custom === true && type.schema !== undefined)
    faults.push(...validate(content(object), type.schema));
  faults.push(...(type.validate?.(object, old) ?? []));
  if (faults.length > 0) throw invalid(kindOf(type, name), faults);
}

/** The object as another version of its resource has it. */
export function versioned(object: KubernetesObject, type: ResourceType): KubernetesObject {
  const apiVersion = apiVersionOf(type);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

export function subjectOf({ group, plural }: ResourceType, name: string): Subject {
  return { group, kind: plural, name };
}

/** The same of its kind, as some errors have it. */
export function kindOf({ group, kind }: ResourceType, name: string): Subject {
  return { group, kind, name };
}

/** To the second, as the API has times. */
export function timestamp(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

function version(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

/** All but what every object has, and its status. */
export function content(object: KubernetesObject, withStatus = false): JsonObject {
  const { apiVersion: _, kind: __, metadata: ___, ...rest } = object;
  if (!withStatus) delete rest.status;
  return rest;
}

function withoutNulls(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value, (_, inner) => (inner === null ? undefined : inner)));
}
