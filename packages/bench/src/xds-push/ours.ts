/** Our xDS server alone in a process, which answers each line of JSON with another. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { EMPTY_SNAPSHOT } from '@meshkeeper/mesh';
import { startXdsServer, type XdsServer } from '@meshkeeper/xds';
import type { AdmissionLimit, Request } from './protocol.ts';
import { changeService, makeSnapshot } from './world.ts';

const ANY_NUMBER = { perSecond: 1e9, burst: 1e9 };

let snapshot = EMPTY_SNAPSHOT;
let server: XdsServer | undefined;

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  // What the bench writes is a request.
  void answer(JSON.parse(line) as Request).then((said) => console.log(JSON.stringify(said)));
});
console.log('ready');
await once(lines, 'close');
await server?.close();

async function answer(request: Request): Promise<object> {
  switch (request.do) {
    case 'listen':
      return { port: await listen(request.admission) };
    case 'fill': {
      snapshot = makeSnapshot(request.world);
      const added = [...snapshot.services].map((after) => {
        return { type: 'added' as const, name: after.name, after };
      });
      server?.update(snapshot, added);
      return {};
    }
    case 'change':
      await change(request.first, request.count, request.perSecond);
      return {};
    case 'usage': {
      const { user, system } = process.cpuUsage();
      return { cpu: user + system, rss: process.memoryUsage.rss() };
    }
  }
}

async function listen(admission: AdmissionLimit = ANY_NUMBER): Promise<number> {
  server = await startXdsServer({ listen: { host: '127.0.0.1', port: 0 }, admission });
  return server.address.port;
}

/** Makes changes, spread evenly, and as fast as it can where it lags behind. */
async function change(first: number, count: number, perSecond?: number): Promise<void> {
  const began = performance.now();
  for (let done = 0; done < count; ) {
    const passed = (performance.now() - began) / 1000;
    const due =
      perSecond === undefined ? count : Math.min(count, 1 + Math.floor(passed * perSecond));
    for (; done < due; done++) changeOne(first + done);
    if (done < count) await pause(1);
  }
}

function changeOne(number: number): void {
  const [before, after] = changeService(snapshot, number);
  const { name } = after;
  const services = snapshot.services.with(new Map([[name, after]]));
  snapshot = { ...snapshot, revision: snapshot.revision + 1, services };
  server?.update(snapshot, [{ type: 'updated', name, before, after }]);
}
