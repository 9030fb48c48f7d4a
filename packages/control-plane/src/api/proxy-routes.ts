import type { Catalog } from '@meshkeeper/mesh';
import { ADD_ORDER, MessagePrinter, type ProxyStatus } from '@meshkeeper/xds';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { DataPlanes } from '../convergence/data-planes.ts';
import { type ServerEvent, sendEvents } from './event-stream.ts';
import { isPaged, pageOf, pageQuery } from './page.ts';
import { ApiError } from './problem.ts';
import { streamConfigView } from './proxy-config-view.ts';
import { departedView, loadView, proxyView, timeView } from './proxy-views.ts';
import { route } from './route.ts';
import { watchQuery } from './schemas/common-schemas.ts';
import {
  oneProxySchema,
  proxyConfigSchema,
  proxyListSchema,
  proxyParams,
} from './schemas/proxy-schemas.ts';

const listQuery = z.strictObject({ watch: watchQuery });
const configQuery = z.strictObject({
  type: z.literal(ADD_ORDER).optional(),
  name: z.string().optional(),
});

/** The data planes: which are connected, what each has, rejects and reports. */
export function proxyRoutes(app: FastifyInstance, catalog: Catalog, planes: DataPlanes): void {
  const list = (proxies: readonly ProxyStatus[] = planes.server.proxies()) => ({
    at: timeView(planes.now()),
    revision: catalog.snapshot.revision,
    proxies: proxies.map((proxy) => proxyView(proxy, planes.times)),
    departed: planes.departed.list.map(departedView),
  });
  const one = (id: string) => {
    const streams = planes.server.proxies().filter((proxy) => proxy.id === id);
    const departed = planes.departed.list.find(({ proxy }) => proxy.id === id);
    if (streams.length === 0 && departed === undefined)
      throw new ApiError('unknown-proxy', `no proxy called "${id}" is connected`);
    return {
      id,
      at: timeView(planes.now()),
      revision: catalog.snapshot.revision,
      streams: streams.map((stream) => proxyView(stream, planes.times)),
      ...(departed && { departed: departedView(departed) }),
      load: planes.loads.ofProxy(id).map(loadView),
    };
  };

  route(app, {
    method: 'GET',
    path: '/api/v1/proxies',
    id: 'listProxies',
    tag: 'data planes',
    summary: 'Who is connected to this replica, and what each has acknowledged',
    role: 'viewer',
    query: listQuery.extend(pageQuery),
    answer: proxyListSchema,
    events: proxyListSchema,
    handle({ query: { watch, ...page }, raw }, reply) {
      if (watch !== undefined && !isPaged(page, watch))
        return sendEvents(reply, (signal) => following(() => list(), signal));
      if (!isPaged(page)) return list();
      const key = ({ id, stream }: ProxyStatus) => `${id} ${stream}`;
      const { items, ...next } = pageOf(planes.server.proxies(), key, page, raw, reply);
      return { ...list(items), ...next };
    },
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/proxies/:id',
    id: 'getProxy',
    tag: 'data planes',
    summary: 'One data plane, with what it rejects and reports',
    role: 'viewer',
    params: proxyParams,
    query: listQuery,
    answer: oneProxySchema,
    events: oneProxySchema,
    problems: ['unknown-proxy'],
    handle({ params: { id }, query: { watch } }, reply) {
      const first = one(id);
      if (watch === undefined) return first;
      return sendEvents(reply, (signal) => following(() => one(id), signal));
    },
  });

  async function* following(view: () => object, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    for await (const _ of planes.changes.follow(signal)) yield { event: 'state', data: view() };
  }

  let loading: Promise<MessagePrinter> | undefined;
  route(app, {
    method: 'GET',
    path: '/api/v1/proxies/:id/config',
    id: 'getProxyConfig',
    tag: 'data planes',
    summary: 'What a data plane is served, resource by resource',
    role: 'viewer',
    params: proxyParams,
    query: configQuery,
    answer: proxyConfigSchema,
    problems: ['unknown-proxy'],
    async handle({ params: { id }, query: filter }) {
      loading ??= MessagePrinter.load();
      const printer = await loading;
      const streams = planes.server.proxies().filter((proxy) => proxy.id === id);
      if (streams.length === 0)
        throw new ApiError('unknown-proxy', `no proxy called "${id}" is connected`);
      return {
        id,
        streams: streams.flatMap((stream) => {
          const resources = planes.server.resources(stream.stream);
          return resources === undefined
            ? []
            : streamConfigView(stream, resources, filter, printer);
        }),
      };
    },
  });
}
