export type Freshness = 'fresh' | 'stale' | 'never'

type View = { materialized: boolean; valid_at: string | null; ttl_seconds: number | null }

/** Whether live values may be served now: none yet, older than the ttl, or fresh. Without a ttl nothing is too old. Pure. */
export function freshnessOf({ materialized, valid_at, ttl_seconds }: View, nowMs: number): Freshness {
  if (!materialized || valid_at === null) return 'never'
  if (ttl_seconds === null) return 'fresh'
  return nowMs - Date.parse(valid_at) > ttl_seconds * 1000 ? 'stale' : 'fresh'
}

/** How a state is coloured; the words beside it say it too. */
export const FRESHNESS_TONE = { fresh: 'good', stale: 'warn', never: 'neutral' } as const satisfies Record<
  Freshness,
  string
>

/** A ttl as a person says it: 45 d, 12 h, 30 min. */
export function ttlText(seconds: number | null, none: string): string {
  if (seconds === null) return none
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
  ] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}`
  }
  return `${seconds} s`
}
