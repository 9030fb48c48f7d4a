import { userInfo } from 'node:os';

/** Who runs the command, for those who come after; undefined where the machine knows no name. */
export function whoRuns(): string | undefined {
  try {
    return userInfo().username || undefined;
  } catch {
    return undefined; // a container without a name for its user
  }
}
