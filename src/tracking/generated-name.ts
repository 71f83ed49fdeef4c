import { randomInt } from 'node:crypto'

const ADJECTIVES = [
  'brisk',
  'calm',
  'clever',
  'eager',
  'gentle',
  'keen',
  'lively',
  'merry',
  'nimble',
  'quiet',
  'sturdy',
  'swift',
]
const NOUNS = ['brook', 'carp', 'dam', 'eddy', 'heron', 'mill', 'otter', 'perch', 'reed', 'spring', 'trout', 'weir']

/** A name for what was given none: `brisk-otter-042` without the zeros. */
export function generatedName(): string {
  return `${ADJECTIVES[randomInt(ADJECTIVES.length)]}-${NOUNS[randomInt(NOUNS.length)]}-${randomInt(1000)}`
}
