import protobuf from 'protobufjs';
import { KEPT_FIELDS } from './kept-fields.ts';

/** By this the protos mark what nobody may be shown. */
const SENSITIVE = '(udpa.annotations.sensitive)';

/** The descriptor of `roots` and of what their kept fields refer to, and nothing else. */
export function prune(root: protobuf.Root, roots: readonly string[]): protobuf.INamespace {
  const kept = new Map<protobuf.ReflectionObject, readonly protobuf.Field[]>();
  const waiting = roots.map((name) => root.lookupType(name));
  for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
    if (kept.has(type)) continue;
    const fields = keptFields(type);
    kept.set(type, fields);
    for (const field of fields) {
      const refers = field.resolve().resolvedType;
      if (refers instanceof protobuf.Type) waiting.push(refers);
      else if (refers !== null) kept.set(refers, []);
    }
  }
  const output: protobuf.INamespace = { nested: {} };
  for (const [object, fields] of kept) {
    const at = place(output, object.fullName.slice(1).split('.'));
    if (object instanceof protobuf.Enum) Object.assign(at, { values: object.values });
    if (object instanceof protobuf.Type) Object.assign(at, message(object, fields));
  }
  return output;
}

function keptFields(type: protobuf.Type): protobuf.Field[] {
  const row = KEPT_FIELDS[type.fullName.slice(1)];
  if (row === undefined) return type.fieldsArray.filter((field) => !isDeprecated(field));
  return row.split(' ').map((name) => {
    const field = type.fields[name] ?? type.fields[protobuf.util.camelCase(name)];
    if (field === undefined) throw new Error(`${type.fullName} has no field ${name}`);
    return field;
  });
}

function isDeprecated(field: protobuf.Field): boolean {
  return Boolean(field.options?.deprecated ?? field.options?.deprecated_at_minor_version);
}

function message(type: protobuf.Type, fields: readonly protobuf.Field[]): object {
  const descriptor: Record<string, object> = {};
  for (const field of fields) {
    const typeName = field.resolvedType?.fullName ?? field.type;
    descriptor[field.name] = {
      type: typeName,
      id: field.id,
      ...(field.repeated ? { rule: 'repeated' } : {}),
      ...(field instanceof protobuf.MapField ? { keyType: field.keyType } : {}),
      ...(field.options?.[SENSITIVE] ? { options: { sensitive: true } } : {}),
    };
  }
  const oneofs: Record<string, object> = {};
  for (const { name, fieldsArray } of type.oneofsArray) {
    const members = fieldsArray
      .filter((field) => fields.includes(field))
      .map((field) => field.name);
    if (members.length > 0) oneofs[name] = { oneof: members };
  }
  return Object.keys(oneofs).length > 0 ? { oneofs, fields: descriptor } : { fields: descriptor };
}

/** The object at `path` of the output, made with the namespaces above it. */
function place(output: protobuf.INamespace, path: readonly string[]): object {
  let at: { nested?: Record<string, object> } = output as { nested: Record<string, object> };
  for (const name of path) {
    at.nested ??= {};
    at.nested[name] ??= {};
    at = at.nested[name];
  }
  return at;
}
