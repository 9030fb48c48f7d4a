import { randomUUID } from 'node:crypto';
import { applyHeaderChanges, setField } from '../config/header-changes.ts';
import type { HttpManager } from '../config/http-manager.ts';
import type { RequestView } from '../config/request-view.ts';
import type { ClusterShare, ForwardAction } from '../config/route-action.ts';
import type { OutgoingHead } from '../upstream/stream.ts';
import type { RequestHead } from './request-head.ts';

/** What is asked of an endpoint. */
export interface Hop {
  readonly head: RequestHead;
  readonly view: RequestView;
  readonly action: ForwardAction;
  readonly share: ClusterShare;
  /** Path and query before the route's rewrite. */
  readonly target: string;
  readonly manager: HttpManager;
}

/** The head that goes to the endpoint. */
export function upstreamHead(hop: Hop): OutgoingHead {
  const { head, view, action, share, manager } = hop;
  const { forwardedFor } = head;
  const fields = head.fields.slice();
  const host = head.forwardedHost ?? head.host;
  fields.push('x-forwarded-proto', view.scheme, 'x-forwarded-host', host);
  const id = head.requestId ?? (manager.givesIds ? randomUUID() : undefined);
  if (id !== undefined) fields.push('x-request-id', id);
  if (manager.appendsAddress) {
    const before = forwardedFor === undefined ? '' : `${forwardedFor}, `;
    fields.push('x-forwarded-for', before + view.client.remoteAddress);
  } else if (forwardedFor !== undefined) fields.push('x-forwarded-for', forwardedFor);
  let { target } = hop;
  if (action.rewrite) {
    const query = view.query === '' ? '' : `?${view.query}`;
    if (manager.tellsChanges) setField(fields, 'x-envoy-original-path', target);
    target = action.rewrite(view.path) + query;
  }
  if (share.requestChanges) applyHeaderChanges(fields, share.requestChanges, view);
  return {
    method: head.method,
    target,
    authority: share.hostRewrite ?? head.host,
    scheme: view.scheme,
    fields,
    body: head.body,
    upgrade: head.upgrade,
    trailers: head.trailers,
  };
}
