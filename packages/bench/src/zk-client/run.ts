import type { LineProcess } from '../process/line-process.ts';
import type { Request, Result, Step, Watch } from './protocol.ts';
import type { Writer } from './server.ts';

/** Has a client do a step; `writer` changes what is watched. */
export async function runOne(
  client: LineProcess,
  step: Step | Watch,
  writer: Writer,
): Promise<Result> {
  if (step.operation !== 'watch') return client.ask<Result>(step);
  await client.ask(step);
  const fired: Request = { operation: 'fired' };
  const [result] = await Promise.all([client.ask<Result>(fired), writer.change(step.count)]);
  return result;
}
