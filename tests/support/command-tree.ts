import type { Command } from 'commander';
import { createProgram } from 'meshkeeper';

/** A command that does something, and how it is called. */
export interface Leaf {
  readonly name: string;
  readonly command: Command;
}

/** Every command that is shown to people, the groups among them left out. */
export function leaves(command: Command = createProgram(), name = 'meshkeeper'): Leaf[] {
  const shown = visible(command);
  if (shown.length === 0) return [{ name, command }];
  return shown.flatMap((child) => leaves(child, `${name} ${child.name()}`));
}

/** Commands below a command that its help shows. */
export function visible(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help');
}

/** What a command's help says. */
export function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

/**
 * Lets the command line parse what it is given, and does nothing else.
 * @throws CommanderError
 */
export async function parse(args: readonly string[]): Promise<void> {
  const program = createProgram();
  const quiet = (command: Command): void => {
    command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
    if (command.commands.length === 0) command.action(() => {});
    command.commands.forEach(quiet);
  };
  quiet(program);
  await program.parseAsync([...args], { from: 'user' });
}
