/** What is used of an event of `/events`. */
type Heard = { type: string; run?: string; step?: string; state?: string } & Record<string, unknown>

type Curves = { of: 'train' | 'valid'; rounds: number[]; losses: number[] }[]

/** What events have told of one training. */
export type Told = { step?: string; phase?: string; done?: number; total?: number | null; curves?: Curves }

/** News of other runs changes nothing; the curves stay when the phases after them have none. */
export function toldOf(before: Told, event: Heard, id: string): Told {
  if (event.type === 'state') {
    const progress = (event.progress as Heard[] | undefined)?.find(({ run }) => run === id)
    return progress ? toldOf(before, { ...progress, type: 'progress' }, id) : before
  }
  if (event.run !== id) return before
  const curves = before.curves ? { curves: before.curves } : {}
  if (event.type === 'step') return event.state === 'running' && event.step ? { step: event.step, ...curves } : curves
  if (event.type !== 'progress') return before
  const { step, phase, done, total } = event as Heard & Told
  const given = event.curves as Curves | undefined
  return {
    ...(step === undefined ? {} : { step }),
    ...(phase === undefined ? {} : { phase }),
    done: done ?? 0,
    total: total ?? null,
    ...(given ? { curves: given } : curves),
  }
}

/** Both curves over the rounds of either. */
export function lossLines(curves: Curves) {
  const x = [...new Set(curves.flatMap(({ rounds }) => rounds))].sort((a, b) => a - b)
  const lines = curves.map(({ of, rounds, losses }) => {
    const at = new Map(rounds.map((round, i) => [round, losses[i]]))
    return { of, values: x.map((round) => at.get(round)) }
  })
  return { x, lines }
}
