import { z } from 'zod'

/** A double as JSON holds it: the three that are no numbers there are texts. */
export const jsonNumber = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])])
export type JsonNumber = z.output<typeof jsonNumber>

export function jsonNumberOf(value: number): JsonNumber {
  return Number.isFinite(value) ? value : (String(value) as JsonNumber)
}
