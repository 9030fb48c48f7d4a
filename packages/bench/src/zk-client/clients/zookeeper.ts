import { type EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import { nativeClient } from '@meshkeeper/testbed';
import type { Client, Done } from '../client.ts';

/** The part of the package `zookeeper`, which is not where it could be imported from, that is used. */
interface Native extends EventEmitter {
  init(options: { connect: string; timeout: number }): void;
  close(): void;
  a_get(path: string, watch: boolean, done: Answered): void;
  aw_get(path: string, watcher: () => void, done: Answered): void;
  a_set(path: string, data: Buffer, version: number, done: Answered): void;
  a_create(path: string, data: Buffer, flags: number, done: Answered): void;
  a_delete_(path: string, version: number, done: Answered): void;
}
type Answered = (code: number, error: string) => void;

/** The native client, by its callbacks. */
export async function open(server: string): Promise<Client> {
  const folder = nativeClient();
  if (folder === undefined) throw new Error('the package zookeeper is not installed');
  const Native = createRequire(`${folder}/`)('zookeeper') as new () => Native;
  const zk = new Native();
  zk.init({ connect: server, timeout: 30_000 });
  await once(zk, 'connect');
  const answer =
    (done: Done): Answered =>
    (code, error) =>
      done(code === 0 ? undefined : error);
  return {
    get: (path, done) => zk.a_get(path, false, answer(done)),
    set: (path, data, done) => zk.a_set(path, data, -1, answer(done)),
    create: (path, data, done) => zk.a_create(path, data, 0, answer(done)),
    delete: (path, done) => zk.a_delete_(path, -1, answer(done)),
    watch: (path, fired, done) => zk.aw_get(path, fired, answer(done)),
    close: () => zk.close(),
  };
}
