import type { Command } from 'commander';
import type { Output } from './output/format.ts';

/** The flags that every command takes. */
export interface GlobalOptions {
  readonly server: string;
  readonly token?: string;
  readonly output?: Output;
  readonly config?: string;
  readonly verbose?: boolean;
  /** False with `--no-color`. */
  readonly color: boolean;
}

/** A command's flags and the global ones. */
export function optionsOf<T>(command: Command): T & GlobalOptions {
  // commander types what it parsed as `any` members; the flags are declared beside each command.
  return command.optsWithGlobals() as T & GlobalOptions;
}
