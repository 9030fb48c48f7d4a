import { component } from '../component.ts';

/**
 * The folder from which Node can `require('zookeeper')`, the native client; undefined when it is not
 * installed. `provision({ components: ['native-client'] })` tries to, and takes a while.
 */
export function nativeClient(): string | undefined {
  const found = component('native-client');
  return found.ok ? found.path : undefined;
}
