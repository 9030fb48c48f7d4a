import type { Socket } from 'node:net';

/**
 * Resets a connection. One whose end is on its way is destroyed plainly: resetting it as well
 * leaves a handle that Node waits for without end when the process exits.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
