/** Called once, when the server has answered. */
export type Done = (error?: unknown) => void;

/** A client as the bench sees it: each call asks the server once, and tells when it has answered. */
export interface Client {
  get(path: string, done: Done): void;
  set(path: string, data: Buffer, done: Done): void;
  create(path: string, data: Buffer, done: Done): void;
  delete(path: string, done: Done): void;
  /** Reads the data, and leaves a watch that calls `fired` at its change. */
  watch(path: string, fired: () => void, done: Done): void;
  close(): void;
}
