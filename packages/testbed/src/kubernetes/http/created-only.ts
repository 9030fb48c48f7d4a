import type { IncomingMessage } from 'node:http';
import type { Authorizer } from '../access/authorizer.ts';
import { serviceAccount, type User } from '../access/user.ts';
import { type JsonObject, list, part, text } from '../object.ts';
import { readBody } from './request-body.ts';
import type { RequestInfo } from './request-info.ts';

/** Resources that are created and never kept: tokens, and questions of who may do what. */
export async function createdOnly(
  { method }: RequestInfo,
  { plural, name, namespace, subresource }: NonNullable<RequestInfo['resource']>,
  user: User,
  request: IncomingMessage,
  authorizer: Authorizer,
  tokenFor: (user: User) => string,
): Promise<JsonObject | undefined> {
  if (method !== 'POST') return undefined;
  if (plural === 'serviceaccounts' && subresource === 'token') {
    const token = tokenFor(serviceAccount(namespace!, name));
    const expirationTimestamp = new Date(Date.now() + 3_600_000).toISOString();
    const body = await readBody(request);
    return { ...body, status: { token, expirationTimestamp } };
  }
  if (!['selfsubjectaccessreviews', 'subjectaccessreviews'].includes(plural)) return undefined;
  const body = await readBody(request);
  const spec = part(body, 'spec');
  const wanted = part(spec, 'resourceAttributes');
  const who: User =
    plural === 'subjectaccessreviews'
      ? { name: text(spec, 'user') ?? '', groups: list(spec, 'groups').map(String) }
      : user;
  const allowed = authorizer.allows(who, {
    verb: text(wanted, 'verb') ?? '',
    group: text(wanted, 'group') ?? '',
    resource: text(wanted, 'resource') ?? '',
    subresource: text(wanted, 'subresource') ?? '',
    namespace: text(wanted, 'namespace') || undefined,
    name: text(wanted, 'name') ?? '',
  });
  return { ...body, status: { allowed } };
}
