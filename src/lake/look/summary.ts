/** What a column is like in one file. */
export type ColumnSummary = {
  nulls: number
  distinct: number
  /** As exact text; of texts in the order of their characters. Null where there is no value. */
  min: string | null
  max: string | null
  /** Of numbers. */
  mean: number | null
  deviation: number | null
  /** Each a value that occurs, of numbers and moments (in seconds since 1970). */
  quantiles: Record<QuantileName, number> | null
  /** The most frequent first, at most TOP; null of numbers and moments, and where no value occurs twice. */
  top: { value: string; count: number }[] | null
}

export type QuantileName = 'p01' | 'p05' | 'p25' | 'p50' | 'p75' | 'p95' | 'p99'
