import type { Tone } from '../../ui/badge.tsx'

export const SOURCE_TONES: Record<string, Tone> = {
  empty: 'neutral',
  fine: 'good',
  refused: 'bad',
  withdrawn: 'warn',
  undeclared: 'neutral',
}

export const DELIVERY_TONES: Record<string, Tone> = { accepted: 'good', unchanged: 'neutral', refused: 'bad' }
