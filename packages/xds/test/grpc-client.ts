/** A gRPC client as a process of its own: it connects to the target that it is given, until it is killed. */
import { Client, credentials } from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';

register();
const client = new Client(process.argv[2] ?? '', credentials.createInsecure());
client.waitForReady(Number.POSITIVE_INFINITY, (error) => {
  process.send?.(error === undefined ? 'ready' : error.message);
});
// As a caller that has something to do.
setInterval(() => client.getChannel().getConnectivityState(true), 100);
