import { connect } from 'node:net';

/** Whether an instance can take requests. */
export type Check = (signal: AbortSignal) => Promise<boolean>;

/** A GET that is answered with 2xx or 3xx, when there is a path; otherwise a connection that is accepted. */
export function checkOf(host: string, port: number, path: string | undefined): Check {
  if (path === undefined) return (signal) => accepts(host, port, signal);
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return async (signal) => {
    const response = await fetch(`http://${authority}${path}`, { signal, redirect: 'manual' });
    await response.body?.cancel();
    return response.status < 400;
  };
}

function accepts(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  const socket = connect({ host, port, signal });
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
