/** The thread of a {@link GrpcClient}: makes the calls that it is told, over one channel a service. */
import { parentPort } from 'node:worker_threads';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';
import { Caller } from './ask.ts';
import type { CallMessage, OutcomeMessage } from './grpc-client.ts';

// It says of every service that is gone that it does not believe it.
setLogVerbosity(logVerbosity.NONE);
register();
const callers = new Map<string, Caller>();
parentPort?.on('message', async ({ id, service, call }: CallMessage) => {
  const caller = callers.get(service) ?? new Caller([`xds:///${service}`, {}]);
  callers.set(service, caller);
  const outcome = await caller.call(call);
  parentPort?.postMessage({ id, outcome } satisfies OutcomeMessage);
});
