/** One line of a benchmark: our figure and a peer's or a limit's, measured in the same run, and their ratio. */
export type BenchResult = { name: string; ours: number; peer: number; unit: string; ratio: number; note?: string }
