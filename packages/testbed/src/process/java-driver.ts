import { join } from 'node:path';
import { type ComponentName, requireComponent } from '../component.ts';
import { Driver } from '../curator/driver.ts';
import { type TempDir, tempDir } from '../temp-dir.ts';
import { TestbedError } from '../testbed-error.ts';
import { javaProgram } from '../zookeeper/server-options.ts';
import { Child } from './child.ts';
import { tail } from './start-up.ts';

/** What {@link startJavaDriver} runs. */
export interface JavaDriverOptions {
  /** Where its jars and classes are. */
  component: ComponentName;
  /** For messages: "Dubbo". */
  name: string;
  /** The class with `main`. */
  main: string;
  /** System properties. Its home is a temporary folder. */
  properties?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** The command that begins everything; it is not started before this is answered. */
  first: { command: string; fields: Readonly<Record<string, unknown>> };
  signal?: AbortSignal | undefined;
}

/** A JVM that takes commands. */
export interface JavaDriver {
  readonly child: Child;
  readonly driver: Driver;
  /** Its home, where its log is too. To be closed after its end. */
  readonly dir: TempDir;
}

/**
 * Starts a JVM with one of our drivers.
 *
 * @throws TestbedError `component-missing`, or `start-failed` with the end of its log.
 */
export async function startJavaDriver(options: JavaDriverOptions): Promise<JavaDriver> {
  const { component, name, main, properties = {}, first, signal } = options;
  const path = requireComponent(component);
  signal?.throwIfAborted();
  const dir = await tempDir(`meshkeeper-${component}-`);
  const log = join(dir.path, `${component}.log`);
  const jvm = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
  const defined = Object.entries({ 'user.home': dir.path, ...properties });
  const args = [
    ...jvm,
    ...defined.map(([key, value]) => `-D${key}=${value}`),
    '-cp',
    `${join(path, 'classes')}:${join(path, 'lib')}/*`,
    main,
  ];
  let child: Child | undefined;
  try {
    child = await Child.spawn({ command: javaProgram(), args, log, pipe: true });
    const driver = new Driver(child, name);
    await driver.request(first.command, first.fields, { signal });
    return { child, driver, dir };
  } catch (error) {
    await child?.kill();
    const shown = await tail(log);
    await dir.close();
    signal?.throwIfAborted();
    if (!child) throw error;
    throw new TestbedError('start-failed', `${name} did not start: ${error}\n${shown}`, {
      cause: error,
    });
  }
}
