import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from 'meshkeeper';
import { helpOf, leaves, parse, visible } from './support/command-tree.ts';
import { meshkeeperCalls } from './support/shell-commands.ts';

/** What tells by itself what a number means. */
const UNITS = /<(n|port|bytes|znodes|ms|revision|weight|percent)>/;

function everyCommand(command: Command): Command[] {
  return [command, ...visible(command).flatMap(everyCommand)];
}

test('every command, argument and option says what it is', () => {
  for (const command of everyCommand(createProgram())) {
    const name = command.name();
    assert.notEqual(command.description(), '', name);
    for (const argument of command.registeredArguments)
      assert.notEqual(argument.description, '', `${name} ${argument.name()}`);
    for (const option of command.options) {
      assert.notEqual(option.description, '', `${name} ${option.flags}`);
      assert.doesNotMatch(option.description, /\.$/, `${name} ${option.flags}`);
      // A default that is a number of something is written with its unit.
      if (typeof option.defaultValue !== 'number' || UNITS.test(option.flags)) continue;
      assert.ok(option.defaultValueDescription, `${name} ${option.flags} ${option.defaultValue}`);
    }
  }
});

describe('every command has examples, and it takes them', () => {
  for (const { name, command } of leaves())
    test(name, async () => {
      const [, examples = ''] = helpOf(command).split(/^Examples?:\n/m);
      const lines = examples.split('\n').filter((line) => /^ {2}\S/.test(line));
      assert.ok(lines.length > 0, `${name} has no example`);
      const calls = lines.flatMap((line) => meshkeeperCalls(line));
      const own = calls.filter((args) => ['meshkeeper', ...args].join(' ').startsWith(name));
      assert.ok(own.length > 0, `no example of ${name} calls it`);
      for (const args of calls)
        await parse(args).catch((error: unknown) => {
          throw new Error(`meshkeeper ${args.join(' ')}: ${String(error)}`);
        });
    });
});

describe('what is mistyped', () => {
  const errors = async (...args: readonly string[]) => {
    const program = createProgram();
    let said = '';
    const listen = (command: Command): void => {
      command.configureOutput({
        writeErr: (text) => {
          said += text;
        },
      });
      command.commands.forEach(listen);
    };
    listen(program);
    await assert.rejects(program.parseAsync([...args], { from: 'user' }));
    return said;
  };
  const meant: readonly [string, string][] = [
    ['servces', 'services'],
    ['proxy-stats', 'proxy-status'],
    ['zk tre', 'tree'],
    ['bootstrap envy', 'envoy'],
    ['services --outptu json', '--output'],
    ['apply --dryrun', '--dry-run'],
  ];
  for (const [line, word] of meant)
    test(`${line}: did you mean ${word}?`, async () => {
      assert.match(await errors(...line.split(' ')), new RegExp(`Did you mean ${word}\\?`));
    });
});
