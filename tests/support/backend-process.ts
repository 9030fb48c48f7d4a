/** An instance of a service as a process of its own: answers every request with its name. */
import { createServer } from 'node:http';

const name = process.argv[2] ?? '';
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume();
  response.end(name);
});
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
// As a well-behaved application: what is under way is answered.
process.on('SIGTERM', () => server.close(() => process.exit(0)));
process.on('disconnect', () => process.exit(0));
