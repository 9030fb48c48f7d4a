/** A client alone in a process, driven by lines: `client-main.ts CLIENT SERVER`. */
import { createInterface } from 'node:readline';
import type { Client } from './client.ts';
import type { Request, Result } from './protocol.ts';
import { runStep, setWatches } from './steps.ts';

const [name, server = ''] = process.argv.slice(2);
// Every file of the folder has such a function.
const { open } = (await import(`./clients/${name}.ts`)) as {
  readonly open: (server: string) => Promise<Client>;
};
const client = await open(server);
let fired: (() => Promise<Result>) | undefined;
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  // Our own protocol.
  const request = JSON.parse(line) as Request;
  if (request.operation === 'watch') {
    fired = await setWatches(client, request);
    say({ armed: true });
  } else if (request.operation === 'fired') say(await fired?.());
  else say(await runStep(client, request));
}
client.close();

function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
