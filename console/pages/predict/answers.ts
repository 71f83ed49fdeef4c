/** What `/predict` and `/what-if` answer, as this page reads it; the join keys stand beside these members. */
export type Predicted = {
  prediction: number | string
  probability?: number
  probabilities?: Record<string, number>
  features_used: Record<string, unknown>
  model: { name: string; version: string; run_id: string }
  features_as_of: string | null
  explanation: {
    of: string | number | boolean | null
    unit: string
    base: number
    contributions: Record<string, number>
  }
}

export type WhatIfAnswer = { as_is: Predicted; what_if: Predicted; changed: string[] }

/** A feature's value as text. */
export function valueText(value: unknown): string {
  return value === null || value === undefined ? 'null' : typeof value === 'string' ? value : JSON.stringify(value)
}
