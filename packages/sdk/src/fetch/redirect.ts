import { SdkError } from '../sdk-error.ts';
import { type Outgoing, redirected } from './outgoing.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The request that a response asks for instead; undefined when it asks for none, or is not to be followed.
 * @throws SdkError REDIRECT
 */
export function nextRequest(request: Outgoing, response: Response): Outgoing | undefined {
  const location = response.headers.get('location');
  if (!REDIRECTS.has(response.status) || location === null || request.redirect === 'manual')
    return undefined;
  const { service, url, method, body, redirect } = request;
  const to = (why: string) =>
    new SdkError('REDIRECT', `${service} redirects to ${location}: ${why}.`);
  if (redirect === 'error') throw to('this request follows no redirects');
  const next = URL.parse(location, url.href);
  if (next === null) throw to('that is no URL');
  if (next.protocol !== 'http:') throw to('that is outside of the mesh, use the global fetch');
  const { status } = response;
  const change =
    (status === 303 && method !== 'GET' && method !== 'HEAD') ||
    ((status === 301 || status === 302) && method === 'POST')
      ? 'get'
      : 'keep';
  if (change === 'keep' && body.type === 'stream') throw to('a streamed body can’t be sent again');
  return redirected(request, location, change);
}
