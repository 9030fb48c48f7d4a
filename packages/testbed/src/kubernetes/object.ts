/** What JSON can say; `undefined` is a member that isn't there. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object. */
export type JsonObject = { [member: string]: Json | undefined };

/** Metadata that every object has. */
export type ObjectMeta = JsonObject & {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: (JsonObject & { uid: string })[];
  managedFields?: JsonObject[];
};

/** An object of the API. What is stored is never changed, only replaced. */
export type KubernetesObject = JsonObject & {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
};

/** True for an object that is neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member of an object, as an object: empty where it is anything else. */
export function part(object: JsonObject | undefined, member: string): JsonObject {
  const value = object?.[member];
  return isObject(value) ? value : {};
}

/** The member of an object, as an array: empty where it is anything else. */
export function list(object: JsonObject | undefined, member: string): Json[] {
  const value = object?.[member];
  return Array.isArray(value) ? value : [];
}

/** The same for arrays of objects. */
export function objects(object: JsonObject | undefined, member: string): JsonObject[] {
  return list(object, member).filter(isObject);
}

/** The member of an object, where it is a text. */
export function text(object: JsonObject | undefined, member: string): string | undefined {
  const value = object?.[member];
  return typeof value === 'string' ? value : undefined;
}

/** A text that is the same for equal values, whatever the order of their members. */
export function canonical(value: Json | undefined): string {
  return JSON.stringify(value, (_, inner) =>
    isObject(inner)
      ? Object.fromEntries(
          Object.keys(inner)
            .sort()
            .map((key) => [key, inner[key]]),
        )
      : inner,
  );
}
