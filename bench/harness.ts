/**
 * One line of a benchmark: our figure and a peer's or a limit's, measured in the same run, and their ratio. Where both were
 * measured several times in turn, `spread` is the least and the greatest ratio of the rounds.
 */
export type BenchResult = {
  name: string
  ours: number
  peer: number
  unit: string
  ratio: number
  spread?: [least: number, greatest: number]
  note?: string
}

export type Rounds = Pick<BenchResult, 'ours' | 'peer' | 'ratio'> & { spread: [number, number] }

/** So often each is measured; fewer while something is being made faster. */
const ROUNDS = Number(process.env.WEIR_BENCH_ROUNDS ?? 5)

/**
 * Measures ours and the peer in turn, round by round, because the machine is not the same from one minute to the next: the
 * ratio is the median of the ratios of the rounds, each of two measurements that follow each other.
 */
export async function interleaved(
  ours: () => Promise<number>,
  peer: () => Promise<number>,
  better: 'more' | 'less',
): Promise<Rounds> {
  const rounds: { ours: number; peer: number; ratio: number }[] = []
  for (let i = 0; i < ROUNDS; i++) {
    // Who goes first changes: what one leaves behind (a checkpoint, autovacuum) falls on the other half of the time.
    const oursFirst = i % 2 === 0 ? await ours() : undefined
    const theirs = await peer()
    const own = oursFirst ?? (await ours())
    rounds.push({ ours: own, peer: theirs, ratio: better === 'more' ? own / theirs : theirs / own })
  }
  const middle = (figure: keyof (typeof rounds)[number]) => median(rounds.map((round) => round[figure]))
  const ratios = rounds.map((round) => round.ratio)
  return {
    ours: middle('ours'),
    peer: middle('peer'),
    ratio: middle('ratio'),
    spread: [Math.min(...ratios), Math.max(...ratios)],
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
