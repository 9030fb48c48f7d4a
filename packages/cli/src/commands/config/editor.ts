import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../../exit-code.ts';

/**
 * Opens a text in `$VISUAL`, `$EDITOR` or `vi`, and gives what it was left as. Nobody else may read it
 * meanwhile.
 * @param ending of the file: `.yaml`
 */
export async function edited(text: string, ending: string): Promise<string> {
  const editor = process.env.VISUAL || process.env.EDITOR || 'vi';
  // A folder that mkdtemp makes is its owner's only.
  const folder = await mkdtemp(join(tmpdir(), 'meshkeeper-'));
  const file = join(folder, `draft${ending}`);
  try {
    await writeFile(file, text, { mode: 0o600 });
    // By a shell, as git and kubectl do: `code --wait` is an editor, too.
    const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
    const ignore = () => {}; // Ctrl-C is the editor's
    process.on('SIGINT', ignore);
    const [code] = await once(child, 'exit').finally(() => process.off('SIGINT', ignore));
    if (code !== 0) throw new CliError(`${editor} has ended with ${code}: nothing was changed`);
    return await readFile(file, 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
