/** Where the original keeps its own things. */
export const PROC_PATH = '/zookeeper';
export const QUOTA_PATH = '/zookeeper/quota';
export const CONFIG_PATH = '/zookeeper/config';

/** Znodes that nobody may delete. */
export const SPECIAL_PATHS: ReadonlySet<string> = new Set([
  '/',
  PROC_PATH,
  QUOTA_PATH,
  CONFIG_PATH,
]);
