const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of `45d`, `12h`, `30m`, `10s`, `250ms`; undefined when it is none of these. */
export function parseDurationMs(text: string): number | undefined {
  const m = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text)
  return m ? Number(m[1]) * UNIT_MS[m[2]!]! : undefined
}
