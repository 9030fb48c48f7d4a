import { badRequest } from '../api-error.ts';
import { isObject, type JsonObject, type KubernetesObject } from '../object.ts';

/** Whether an object is selected. */
export type Selector = (object: KubernetesObject) => boolean;

/** One requirement of a label selector: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`. */
const REQUIREMENT =
  /^\s*(?:!\s*([\w./-]+)|([\w./-]+)\s*(?:(==?|!=)\s*([\w.-]*)|\s(in|notin)\s*\(([^)]*)\))?)\s*$/;

/**
 * @throws ApiError 400 when it can't be read
 */
export function labelSelector(selector: string): Selector {
  if (selector.trim() === '') return () => true;
  const requirements = selector.split(/,(?![^(]*\))/).map(requirement);
  return ({ metadata }) => requirements.every((holds) => holds(metadata.labels ?? {}));
}

type Labels = Readonly<Record<string, string>>;

function requirement(source: string): (labels: Labels) => boolean {
  const match = REQUIREMENT.exec(source);
  if (match === null) throw badRequest(`unable to parse requirement: ${source}`);
  const [, absent, key, operator, value, set, values] = match;
  if (absent !== undefined) return (labels) => !Object.hasOwn(labels, absent);
  const label = (labels: Labels) => (Object.hasOwn(labels, key!) ? labels[key!] : undefined);
  if (operator === '!=') return (labels) => label(labels) !== value;
  if (operator !== undefined) return (labels) => label(labels) === value;
  if (set === undefined) return (labels) => label(labels) !== undefined;
  const wanted = new Set(values!.split(',').map((text) => text.trim()));
  if (set === 'in') return (labels) => wanted.has(label(labels) ?? '\0');
  return (labels) => !wanted.has(label(labels) ?? '\0');
}

/** `{matchLabels, matchExpressions}`, as objects have it. */
export function labelSelectorOf(selector: JsonObject): (labels: Labels) => boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector as {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  };
  return (labels) =>
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const label = Object.hasOwn(labels, key) ? labels[key] : undefined;
      if (operator === 'In') return label !== undefined && values.includes(label);
      if (operator === 'NotIn') return label === undefined || !values.includes(label);
      return (label !== undefined) === (operator === 'Exists');
    });
}

/**
 * `a=b,c!=d` over the fields that the resource can select by.
 * @throws ApiError 400 when it can't be read, or names another field
 */
export function fieldSelector(selector: string, fields: readonly string[]): Selector {
  if (selector.trim() === '') return () => true;
  const terms = selector.split(',').map((term) => {
    const match = /^\s*([\w.-]+)\s*(==?|!=)\s*(.*?)\s*$/.exec(term);
    if (match === null) throw badRequest(`invalid field selector: ${term}`);
    const [, field, operator, value] = match;
    if (!fields.includes(field!)) throw badRequest(`field label not supported: ${field}`);
    return { path: field!.split('.'), same: operator !== '!=', value };
  });
  return (object) =>
    terms.every(({ path, same, value }) => (fieldOf(object, path) === value) === same);
}

function fieldOf(object: KubernetesObject, path: readonly string[]): string {
  let value: unknown = object;
  for (const step of path) value = isObject(value) ? value[step] : undefined;
  return value === undefined || value === null ? '' : String(value);
}
