import type { Storage } from './storage.ts';

/** Keeps nothing: the state lives as long as the process. For tests and for trying things out. */
export class MemoryStorage implements Storage {
  readonly location = undefined;
  readonly snapshotDue = false;

  async recover(): Promise<void> {}
  async append(): Promise<void> {}
  async snapshot(): Promise<void> {}
  async close(): Promise<void> {}
}
