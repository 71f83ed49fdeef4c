import type { TimeKind } from '../../../src/wire/time.ts'
import { type Given, numberOf, oneOf, textOf } from '../../search.ts'
import { readMoment } from './axis.ts'

/** All that the page shows stands in its address: `t` and `k` are valid_at and known_at, `bt` and `bk` those of side b. */
export type TimeSearch = {
  kind?: TimeKind | undefined
  name?: string | undefined
  key?: string | undefined
  t?: string | undefined
  k?: string | undefined
  bt?: string | undefined
  bk?: string | undefined
  mode?: 'served' | undefined
  skip?: number | undefined
}

const KINDS = ['sources', 'feature-views', 'entities', 'models'] as const

export function validateTime(given: Given): TimeSearch {
  return {
    kind: oneOf(given, 'kind', KINDS),
    name: textOf(given, 'name'),
    key: textOf(given, 'key'),
    t: momentOf(given, 't'),
    k: momentOf(given, 'k'),
    bt: momentOf(given, 'bt'),
    bk: momentOf(given, 'bk'),
    mode: oneOf(given, 'mode', ['served']),
    skip: numberOf(given, 'skip'),
  }
}

/** However it is written: moments of one width can be compared as texts. */
function momentOf(given: Given, name: string): string | undefined {
  return readMoment(textOf(given, name) ?? '')
}
