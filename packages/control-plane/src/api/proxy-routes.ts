import type { Catalog } from '@meshkeeper/mesh';
import { ADD_ORDER, MessagePrinter } from '@meshkeeper/xds';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { DataPlanes } from '../convergence/data-planes.ts';
import { type ServerEvent, sendEvents } from './event-stream.ts';
import { ApiError } from './problem.ts';
import { streamConfigView } from './proxy-config-view.ts';
import { departedView, loadView, proxyView, timeView } from './proxy-views.ts';

const listQuery = z.strictObject({ watch: z.literal(['', 'true', '1']).optional() });
const configQuery = z.strictObject({
  type: z.literal(ADD_ORDER).optional(),
  name: z.string().optional(),
});

type ProxyRoute = { Params: { id: string } };

/** The data planes: which are connected, what each has, rejects and reports. */
export function proxyRoutes(app: FastifyInstance, catalog: Catalog, planes: DataPlanes): void {
  const list = () => ({
    at: timeView(planes.now()),
    revision: catalog.snapshot.revision,
    proxies: planes.server.proxies().map((proxy) => proxyView(proxy, planes.times)),
    /** Those that went away in the last hour and did not come back. */
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
      /** One where the proxy gets everything by one stream. */
      streams: streams.map((stream) => proxyView(stream, planes.times)),
      ...(departed && { departed: departedView(departed) }),
      /** What it reports of its requests, the busiest cluster first. */
      load: planes.loads.ofProxy(id).map(loadView),
    };
  };

  app.get('/api/v1/proxies', async (request, reply) => {
    const { watch } = parse(listQuery, request.query);
    return watch === undefined ? list() : sendEvents(reply, (signal) => following(list, signal));
  });
  app.get<ProxyRoute>('/api/v1/proxies/:id', async ({ params: { id }, query }, reply) => {
    const { watch } = parse(listQuery, query);
    const first = one(id);
    if (watch === undefined) return first;
    return sendEvents(reply, (signal) => following(() => one(id), signal));
  });

  async function* following(view: () => object, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    for await (const _ of planes.changes.follow(signal)) yield { event: 'state', data: view() };
  }

  let loading: Promise<MessagePrinter> | undefined;
  app.get<ProxyRoute>('/api/v1/proxies/:id/config', async ({ params: { id }, query }) => {
    const filter = parse(configQuery, query);
    loading ??= MessagePrinter.load();
    const printer = await loading;
    const streams = planes.server.proxies().filter((proxy) => proxy.id === id);
    if (streams.length === 0)
      throw new ApiError('unknown-proxy', `no proxy called "${id}" is connected`);
    return {
      id,
      streams: streams.flatMap((stream) => {
        const resources = planes.server.resources(stream.stream);
        return resources === undefined ? [] : streamConfigView(stream, resources, filter, printer);
      }),
    };
  });
}

function parse<T extends z.ZodType>(schema: T, query: unknown): z.output<T> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  throw new ApiError('invalid-request', z.prettifyError(parsed.error));
}
