export type { Bench, BenchContext, Row } from './bench.ts';
export { type Report, report, table } from './report.ts';
