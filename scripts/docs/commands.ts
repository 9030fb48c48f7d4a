import type { Command } from 'commander';
import { createProgram } from 'meshkeeper';

/** The page of all commands. */
export function commandReference(): string {
  const program = createProgram();
  return [
    '# Commands',
    '',
    '<!-- Written by `npm run docs`. -->',
    '',
    'Data goes to standard output, messages to standard error. Exit codes: 0 done, 1 failed, 2 wrong',
    'usage, 3 not found or not converged. Long-running commands print a line of JSON when they are ready',
    'with `-o json`, and end with SIGINT or SIGTERM.',
    '',
    '## Flags of every command',
    '',
    ...options(program),
    ...program.commands.flatMap((command) => section(command, 'meshkeeper')),
  ].join('\n');
}

function section(command: Command, parent: string): string[] {
  // commander keeps whether a command is hidden to its help.
  if (!parent.includes(' ') && command.name() === 'demo-instance') return [];
  const name = `${parent} ${command.name()}`;
  if (command.commands.length > 0) return command.commands.flatMap((child) => section(child, name));
  const args = command.registeredArguments.map((arg) =>
    named(arg.required, `${arg.name()}${arg.variadic ? '...' : ''}`),
  );
  return [
    '',
    `## ${name}${args.join('')}`,
    '',
    sentence(command.description()),
    '',
    ...options(command),
  ];
}

function named(required: boolean, name: string): string {
  return required ? ` <${name}>` : ` [${name}]`;
}

function options(command: Command): string[] {
  if (command.options.length === 0) return [];
  const rows = command.options.map(({ flags, description, defaultValue, argChoices, envVar }) => {
    const choices = argChoices
      ? ` One of ${argChoices.map((choice) => `\`${choice}\``).join(', ')}.`
      : '';
    const preset =
      defaultValue === undefined || defaultValue === true ? '' : ` Default \`${defaultValue}\`.`;
    const variable = envVar === undefined ? '' : ` Or the environment's \`${envVar}\`.`;
    return `| \`${flags}\` | ${sentence(description)}${choices}${preset}${variable} |`;
  });
  return ['| flag | |', '|---|---|', ...rows, ''];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, '.');
}
