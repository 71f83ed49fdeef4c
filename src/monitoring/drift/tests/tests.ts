/** The tests by name: one entry each. Nobody else asks which test it is. */
import type { DriftTest } from '../../../wire/drift.ts'
import { andersonDarling } from './anderson-darling.ts'
import { chiSquare, zTest } from './chi-square.ts'
import { cramerVonMises } from './cramer-von-mises.ts'
import { hellinger, jensenShannon, kullbackLeibler, psi, totalVariation, wasserstein } from './distances.ts'
import { kolmogorovSmirnov } from './ks.ts'
import type { Paired } from './paired.ts'

export type ColumnKind = 'number' | 'category'

export type Test = {
  says: string
  of: readonly ColumnKind[]
  /** distance: far is drift. p: unlikely is drift; `includes`: the threshold itself too. */
  gives: 'distance' | 'p'
  includes: boolean
  threshold: number
  /** Null where it cannot be said of such samples. Both have a row. */
  value(pair: Paired): number | null
}

const NUMBER = ['number'] as const
const CATEGORY = ['category'] as const
const BOTH = ['number', 'category'] as const
const distance = { gives: 'distance', includes: true, threshold: 0.1 } as const

export const TESTS: Record<DriftTest, Test> = {
  ks: { says: 'Kolmogorov–Smirnov', of: NUMBER, gives: 'p', includes: true, threshold: 0.05, value: kolmogorovSmirnov },
  chi_square: { says: 'chi-square', of: BOTH, gives: 'p', includes: false, threshold: 0.05, value: chiSquare },
  z: { says: 'z-test of a share', of: BOTH, gives: 'p', includes: false, threshold: 0.05, value: zTest },
  wasserstein: { ...distance, says: 'Wasserstein distance (normed)', of: NUMBER, value: wasserstein },
  jensen_shannon: { ...distance, says: 'Jensen–Shannon distance', of: BOTH, value: jensenShannon },
  psi: { ...distance, says: 'PSI', of: BOTH, value: psi },
  hellinger: { ...distance, says: 'Hellinger distance', of: BOTH, value: hellinger },
  tvd: { ...distance, says: 'total variation distance', of: CATEGORY, value: totalVariation },
  kl: { ...distance, says: 'Kullback–Leibler divergence', of: BOTH, value: kullbackLeibler },
  anderson_darling: {
    says: 'Anderson–Darling',
    of: NUMBER,
    gives: 'p',
    includes: false,
    threshold: 0.1,
    value: andersonDarling,
  },
  cramer_von_mises: {
    says: 'Cramér–von Mises',
    of: NUMBER,
    gives: 'p',
    includes: true,
    threshold: 0.1,
    value: cramerVonMises,
  },
}

/** Whether a value is drift. */
export function isBeyond(
  { gives, includes }: Pick<Test, 'gives' | 'includes'>,
  value: number,
  threshold: number,
): boolean {
  if (value === threshold) return includes
  return gives === 'p' ? value < threshold : value > threshold
}

/** Of more rows of the reference than this a distance is asked for: a p-value of so many finds every trifle. */
const FEW_ROWS = 1_000
/** Numbers of no more different values are counted as categories are. */
const FEW_VALUES = 5

/** The test that Evidently 0.7 takes by itself; rows and values without nulls. */
export function chooseTest(kind: ColumnKind, pair: Paired): DriftTest {
  const values = pair.reference.length
  const number = kind === 'number' && values > FEW_VALUES
  if (pair.referenceRows > FEW_ROWS) return number ? 'wasserstein' : 'jensen_shannon'
  if (number) return 'ks'
  return values > 2 ? 'chi_square' : 'z'
}
