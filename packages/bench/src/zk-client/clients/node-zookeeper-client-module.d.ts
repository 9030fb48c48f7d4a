/** The part of node-zookeeper-client, which has no types of its own, that the bench uses. */
declare module 'node-zookeeper-client' {
  import type { EventEmitter } from 'node:events';

  type Callback = (error?: Error | null) => void;
  interface Client extends EventEmitter {
    connect(): void;
    close(): void;
    getData(path: string, callback: Callback): void;
    getData(path: string, watcher: () => void, callback: Callback): void;
    setData(path: string, data: Buffer, callback: Callback): void;
    create(path: string, data: Buffer, callback: Callback): void;
    remove(path: string, callback: Callback): void;
  }
  const zookeeper: { createClient(connect: string): Client };
  export default zookeeper;
}
