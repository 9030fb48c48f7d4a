import type { Cause } from '../api-error.ts';
import {
  isObject,
  type Json,
  type KubernetesObject,
  list,
  objects,
  part,
  text,
} from '../object.ts';
import type { ListRule } from '../patch/list-rules.ts';
import type { RuleOf } from '../patch/strategic-merge.ts';
import type { Schema } from '../schema/schema.ts';
import { structuralFaults } from '../schema/structural.ts';
import type { ResourceType } from './resource-type.ts';

function prepare(object: KubernetesObject): void {
  const spec = part(object, 'spec');
  const names = part(spec, 'names');
  const kind = text(names, 'kind') ?? '';
  names.singular ??= kind.toLowerCase();
  names.listKind ??= `${kind}List`;
  spec.conversion ??= { strategy: 'None' };
  object.status ??= { conditions: [], acceptedNames: { kind: '', plural: '' }, storedVersions: [] };
}

function validate(object: KubernetesObject): Cause[] {
  const spec = part(object, 'spec');
  const names = part(spec, 'names');
  const faults: Cause[] = [];
  const required = (value: unknown, field: string) => {
    if (typeof value !== 'string' || value === '')
      faults.push({ field, message: 'Required value', reason: 'FieldValueRequired' });
  };
  required(spec.group, 'spec.group');
  required(names.plural, 'spec.names.plural');
  required(names.kind, 'spec.names.kind');
  const name = `${names.plural}.${spec.group}`;
  if (object.metadata.name !== name)
    faults.push({
      field: 'metadata.name',
      message: `Invalid value: "${object.metadata.name}": must be spec.names.plural+"."+spec.group`,
    });
  if (spec.scope !== 'Namespaced' && spec.scope !== 'Cluster')
    faults.push({
      field: 'spec.scope',
      message: `Unsupported value: "${spec.scope ?? ''}": supported values: "Cluster", "Namespaced"`,
      reason: 'FieldValueNotSupported',
    });
  const versions = objects(spec, 'versions');
  if (versions.filter((version) => version.storage === true).length !== 1)
    faults.push({
      field: 'spec.versions',
      message: 'Invalid value: must have exactly one version marked as storage version',
    });
  for (const [i, version] of versions.entries()) {
    const field = `spec.versions[${i}].schema.openAPIV3Schema`;
    const schema = part(version, 'schema').openAPIV3Schema;
    if (schema === undefined)
      faults.push({
        field,
        message: 'Required value: schemas are required',
        reason: 'FieldValueRequired',
      });
    else faults.push(...structuralFaults(schema, field));
    for (const [j, column] of objects(version, 'additionalPrinterColumns').entries()) {
      const at = `spec.versions[${i}].additionalPrinterColumns[${j}]`;
      required(column.name, `${at}.name`);
      required(column.type, `${at}.type`);
      required(column.jsonPath, `${at}.jsonPath`);
      if (text(column, 'jsonPath')?.startsWith('.') === false)
        faults.push({
          field: `${at}.jsonPath`,
          message: `Invalid value: "${column.jsonPath}": must be a simple json path starting with .`,
        });
    }
  }
  return faults;
}

/** apiextensions.k8s.io/v1 CustomResourceDefinition. */
export const CUSTOM_RESOURCE_DEFINITION: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  status: true,
  generation: true,
  lists: { versions: { apply: 'atomic' } },
  prepare,
  validate,
};

/** The resources that a definition makes, one a version that is served. */
export function customTypes(definition: KubernetesObject): ResourceType[] {
  const spec = part(definition, 'spec');
  const names = part(spec, 'names');
  return objects(spec, 'versions')
    .filter((version) => version.served === true)
    .map((version) => {
      const schema = part(version, 'schema').openAPIV3Schema as unknown as Schema;
      return {
        group: String(spec.group),
        version: String(version.name),
        plural: String(names.plural),
        kind: String(names.kind),
        namespaced: spec.scope === 'Namespaced',
        shortNames: list(names, 'shortNames').map(String),
        categories: list(names, 'categories').map(String),
        status: part(version, 'subresources').status !== undefined,
        generation: true,
        unconditionalUpdate: false,
        custom: true,
        schema,
      };
    });
}

/** How the lists of a resource are merged, at a path of fields. */
export function ruleOfSchema(schema: Schema): RuleOf {
  return (path) => {
    let at: Schema | undefined = schema;
    for (const name of path) {
      if (at?.type === 'array') at = at.items;
      const others: Schema | boolean | undefined = at?.additionalProperties;
      at = at?.properties?.[name] ?? (isObject(others as Json) ? (others as Schema) : undefined);
    }
    return at === undefined ? undefined : ruleOf(at);
  };
}

function ruleOf(schema: Schema): ListRule | undefined {
  if (schema['x-kubernetes-map-type'] === 'atomic') return { apply: 'atomic' };
  const kind = schema['x-kubernetes-list-type'];
  if (kind === 'set') return { apply: 'set' };
  if (kind === 'map') return { apply: schema['x-kubernetes-list-map-keys'] ?? [] };
  return schema.type === 'array' ? { apply: 'atomic' } : undefined;
}
