import type { IncomingMessage } from 'node:http';
import { badRequest, unsupportedMediaType } from '../api-error.ts';
import { isObject, type Json, type JsonObject, type KubernetesObject } from '../object.ts';

/** Whatever JSON it is. @throws ApiError 400 */
export async function readJson(request: IncomingMessage): Promise<Json> {
  const body = await readText(request);
  return body === '' ? {} : parse(body, "couldn't get version/kind; json parse error: ");
}

/** Options, which may be left out. @throws ApiError 400, 415 */
export async function readBody(request: IncomingMessage): Promise<JsonObject> {
  // kubectl has a binary form for some of them, which is not read here.
  checkJson(request);
  const body = await readJson(request);
  return isObject(body) ? body : {};
}

function checkJson(request: IncomingMessage): void {
  const type = (request.headers['content-type'] ?? 'application/json').split(';')[0]!.trim();
  if (type !== 'application/json') throw unsupportedMediaType(['application/json']);
}

/** An object of a kind. @throws ApiError 400, 415 */
export async function readObject(
  request: IncomingMessage,
  kind: string,
): Promise<KubernetesObject> {
  checkJson(request);
  const body = await readText(request);
  const told = `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: `;
  if (body === '') throw badRequest(`${told}unexpected end of JSON input (<empty>)`);
  return parse(body, told) as KubernetesObject;
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** @param told what an error begins with */
function parse(body: string, told: string): Json {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw badRequest(`${told}${(error as Error).message}`);
  }
}
