import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Lines that are remembered. */
export const REMEMBERED = 1_000;

/** Credentials, and what becomes of them in an ACL, are not written down. */
const SECRET = /^\s*addauth\b|^\s*acl\b.*\b(digest|auth|sasl|super):/;

/** Where the lines of shells are kept. */
export function historyFile(env: Readonly<Record<string, string | undefined>>): string {
  const state = env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  return join(state, 'meshkeeper', 'zk_history');
}

/** The lines that were typed before, in a file that only its owner reads. Without one there are none. */
export class History {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** The newest first, as readline wants them. */
  read(): string[] {
    try {
      const lines = readFileSync(this.#file, 'utf8').split('\n').filter(Boolean);
      if (lines.length > 2 * REMEMBERED)
        writeFileSync(this.#file, `${lines.slice(-REMEMBERED).join('\n')}\n`, { mode: 0o600 });
      return lines.slice(-REMEMBERED).reverse();
    } catch {
      return [];
    }
  }

  add(line: string): void {
    if (line.trim() === '' || line.includes('\n') || SECRET.test(line)) return;
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      appendFileSync(this.#file, `${line}\n`, { mode: 0o600 });
    } catch {
      // A shell without a memory is one all the same.
    }
  }
}
