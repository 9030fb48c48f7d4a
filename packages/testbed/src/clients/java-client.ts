import { join } from 'node:path';
import { component } from '../component.ts';
import { javaProgram } from '../zookeeper/server-options.ts';

/**
 * The command that runs ZooKeeper's own client as a program for benches (`BenchClient.java`), in a
 * JVM as it comes; undefined when it is not installed.
 */
export function javaClient(
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } | undefined {
  const found = component('curator');
  if (!found.ok) return undefined;
  const classPath = `${join(found.path, 'classes')}:${join(found.path, 'lib')}/*`;
  const jvm = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', classPath];
  const main = 'io.meshkeeper.testbed.BenchClient';
  return { command: javaProgram(), args: [...jvm, main, ...args] };
}
