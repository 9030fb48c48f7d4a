import { readFile } from 'node:fs/promises';
import { TestbedError } from '../testbed-error.ts';
import { type Settled, until } from '../until.ts';
import type { Child } from './child.ts';

/** What {@link startUp} waits for. */
export interface StartUpOptions<T> {
  /** For the error: "ZooKeeper". */
  name: string;
  /** The file whose tail is shown when it fails. */
  log: string;
  /** Looked at until it gives something. */
  probe: (signal: AbortSignal) => T | Promise<T>;
  /** Milliseconds before it is given up. */
  timeout: number;
  /** Gives up, with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Waits until a child is ready. If it ends first, is not ready in time or the signal is aborted,
 * it is killed.
 *
 * @throws TestbedError `start-failed`, with the end of the log.
 */
export async function startUp<T>(child: Child, options: StartUpOptions<T>): Promise<Settled<T>> {
  const { name, log, probe, timeout, signal } = options;
  const ended = new AbortController();
  void child.exited.then((how) => ended.abort(new Error(`it ${how}`)));
  const either = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal;
  try {
    return await until(probe, { signal: either, timeout, message: 'it is ready' });
  } catch (error) {
    await child.kill();
    signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    const told = `${name} did not start: ${reason}\n${await tail(log)}`;
    throw new TestbedError('start-failed', told, { cause: error });
  }
}

/** The last lines of a log file. */
export async function tail(file: string, lines = 30): Promise<string> {
  const content = await readFile(file, 'utf8').catch(() => '');
  return content.trimEnd().split('\n').slice(-lines).join('\n');
}
