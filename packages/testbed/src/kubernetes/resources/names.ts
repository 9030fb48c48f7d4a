import type { Cause } from '../api-error.ts';
import type { KubernetesObject } from '../object.ts';
import type { NameRule } from './resource-type.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const LABEL_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

const LABEL_MESSAGE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN_MESSAGE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const NAME_PART =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE_MESSAGE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const FINALIZERS = new Set(['foregroundDeletion', 'kubernetes', 'orphan']);

const bad = (field: string, value: string, why: string): Cause => ({
  field,
  message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
});

/** What is wrong with an object's name. */
export function nameFaults(name: string, rule: NameRule, field = 'metadata.name'): Cause[] {
  if (rule === 'path') {
    const fits = name !== '.' && name !== '..' && !/[/%]/.test(name);
    return fits ? [] : [bad(field, name, "may not contain '/' or '%', or be '.' or '..'")];
  }
  if (rule === 'subdomain') {
    if (name.length > 253) return [bad(field, name, 'must be no more than 253 characters')];
    return SUBDOMAIN.test(name) ? [] : [bad(field, name, SUBDOMAIN_MESSAGE)];
  }
  if (name.length > 63) return [bad(field, name, 'must be no more than 63 characters')];
  return LABEL.test(name) ? [] : [bad(field, name, LABEL_MESSAGE)];
}

/** What is wrong with labels and annotations. */
export function metadataFaults({ metadata }: KubernetesObject): Cause[] {
  const faults: Cause[] = [];
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    faults.push(...qualifiedFaults(key, 'metadata.labels'));
    if (typeof value !== 'string' || value.length > 63 || !LABEL_VALUE.test(value))
      faults.push(bad('metadata.labels', String(value), LABEL_VALUE_MESSAGE));
  }
  let size = 0;
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    faults.push(...qualifiedFaults(key.toLowerCase(), 'metadata.annotations', key));
    size += key.length + String(value).length;
  }
  if (size > 262_144)
    faults.push({
      field: 'metadata.annotations',
      message: 'Too long: may not be more than 262144 bytes',
      reason: 'FieldValueTooLong',
    });
  for (const owner of metadata.ownerReferences ?? [])
    for (const member of ['apiVersion', 'kind', 'name', 'uid'])
      if (typeof owner[member] !== 'string' || owner[member] === '')
        faults.push({
          field: `metadata.ownerReferences.${member}`,
          message: `Invalid value: "": must not be empty`,
        });
  for (const [i, name] of (metadata.finalizers ?? []).entries())
    if (!name.includes('/') && !FINALIZERS.has(name))
      faults.push(
        bad(
          `metadata.finalizers[${i}]`,
          name,
          'name is neither a standard finalizer name nor is it fully qualified',
        ),
      );
  return faults;
}

/** What is wrong with a key, or with another name that may have a prefix. `told`: as it was written. */
export function qualifiedFaults(key: string, field: string, told = key): Cause[] {
  if (isQualifiedName(key)) return [];
  const label = `a valid label key ${NAME_PART} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
  return [bad(field, told, key.split('/').length > 2 ? label : `name part ${NAME_PART}`)];
}

/** True for `name` and `prefix/name`. */
function isQualifiedName(key: string): boolean {
  const [first, second, ...more] = key.split('/');
  if (more.length > 0) return false;
  const [prefix, name] = second === undefined ? [undefined, first!] : [first!, second];
  if (prefix !== undefined && (prefix.length > 253 || !SUBDOMAIN.test(prefix))) return false;
  return name.length <= 63 && LABEL_NAME.test(name);
}
