import type { ServerResponse } from 'node:http';
import type { JsonObject, KubernetesObject } from '../object.ts';
import type { ResourceType } from '../resources/resource-type.ts';

/** What a delete answers with. */
export function success(type: ResourceType, { metadata }: KubernetesObject): JsonObject {
  const { group, plural } = type;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: metadata.name,
      ...(group !== '' && { group }),
      kind: plural,
      uid: metadata.uid ?? '',
    },
  };
}

/** Ends an answer. */
export function send(
  response: ServerResponse,
  code: number,
  body: JsonObject,
  headers: Readonly<Record<string, string | string[]>> = {},
): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...headers,
  });
  response.end(bytes);
}
