import { ignored } from './unsupported.ts';

/** What became of an object; its controller writes it, nobody else. */
export const status = ignored();
