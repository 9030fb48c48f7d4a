import type { Departure, Service, SourceChange } from '@meshkeeper/mesh';
import { consulSourceSchema, openConsulSource } from '../src/index.ts';

/** What a source has said, as a consumer has it. */
export async function followed(settings: unknown) {
  const source = await openConsulSource(consulSourceSchema.parse(settings), {
    name: 'consul',
    logger: { debug() {}, info() {}, warn() {} },
    now: Date.now,
    resolve: (path) => path,
  });
  const services = new Map<string, Service>();
  const departed = new Map<string, Departure>();
  const changes: SourceChange[] = [];
  const stop = new AbortController();
  const running = (async () => {
    for await (const change of source.changes(stop.signal)) {
      changes.push(change);
      if (change.type === 'reset') {
        services.clear();
        for (const service of change.services) services.set(service.name, service);
        continue;
      }
      for (const [id, departure] of change.departed ?? []) departed.set(id, departure);
      if (change.type === 'upsert') services.set(change.service.name, change.service);
      else services.delete(change.name);
    }
  })();
  return {
    ...{ source, services, departed, changes },
    get resets() {
      return changes.filter(({ type }) => type === 'reset').length;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await source.close();
      await running;
    },
  };
}
