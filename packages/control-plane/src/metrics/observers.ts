import type { XdsObserver } from '@meshkeeper/xds';

/** One observer that tells each of `observers`, in that order. */
export function observers(...all: readonly XdsObserver[]): XdsObserver {
  return {
    connected: (proxy) => all.forEach((observer) => void observer.connected?.(proxy)),
    disconnected: (proxy) => all.forEach((observer) => void observer.disconnected?.(proxy)),
    acked: (event) => all.forEach((observer) => void observer.acked?.(event)),
    nacked: (event) => all.forEach((observer) => void observer.nacked?.(event)),
  };
}
