import { createPrng, type Prng } from '../../../base/prng.ts'
import { ADDITIVE_DEFAULTS } from '../additive/params.ts'
import { BOOSTING_DEFAULTS } from '../boosting/params.ts'
import { type Learner, type LearnerKind, learnedBy } from '../learners.ts'
import { LINEAR_DEFAULTS, SPLINE_DEFAULTS } from '../linear/params.ts'
import type { TargetKind } from '../task.ts'

/** What is tried of a learner: first its defaults, then options drawn by chance from what is sensible. */
type Family<L extends Learner> = { usual: L; drawn: ((pick: Pick) => Partial<L>) | null }
type Pick = <T>(choices: readonly T[]) => T
type Of<K extends LearnerKind> = Extract<Learner, { kind: K }>

/** Larger leaves, and classes as they are: a search is for probabilities. */
const FOREST = {
  trees: 300,
  maxDepth: null,
  minSamplesLeaf: 20,
  minSamplesSplit: 2,
  maxFeatures: 'sqrt',
  classWeight: 'none',
  seed: 42,
} as const

const FAMILIES: { [K in LearnerKind]: Family<Of<K>> } = {
  spline_regression: {
    usual: { kind: 'spline_regression', ...SPLINE_DEFAULTS },
    drawn: (pick) => ({ knots: pick([5, 8, 12, 16, 32]) }),
  },
  additive_model: {
    usual: { kind: 'additive_model', ...ADDITIVE_DEFAULTS },
    drawn: (pick) => ({
      learningRate: pick([0.1, 0.2, 0.3]),
      minSamplesLeaf: pick([20, 50, 100, 200]),
      maxBins: pick([32, 64, 128, 255]),
      pairs: pick([0, 10, 20]),
    }),
  },
  gradient_boosting: {
    usual: { kind: 'gradient_boosting', ...BOOSTING_DEFAULTS, monotone: {} },
    drawn: (pick) => ({
      learningRate: pick([0.02, 0.05, 0.1]),
      maxLeaves: pick([4, 6, 8, 16, 31]),
      minSamplesLeaf: pick([10, 20, 50, 100]),
      l2: pick([1, 5, 20]),
      columnShare: pick([0.5, 0.8, 1]),
      rowShare: pick([0.7, 1]),
    }),
  },
  random_forest: {
    usual: { kind: 'random_forest', ...FOREST, bootstrap: true },
    drawn: (pick) => ({ minSamplesLeaf: pick([5, 10, 40]), maxFeatures: pick(['sqrt', 'all'] as const) }),
  },
  extra_trees: {
    usual: { kind: 'extra_trees', ...FOREST, bootstrap: false },
    drawn: (pick) => ({ minSamplesLeaf: pick([2, 5, 10, 40]), maxFeatures: pick(['sqrt', 'all'] as const) }),
  },
  logistic_regression: { usual: { kind: 'logistic_regression', ...LINEAR_DEFAULTS }, drawn: null },
  ridge_regression: { usual: { kind: 'ridge_regression', penalty: 'auto', seed: LINEAR_DEFAULTS.seed }, drawn: null },
}

/** The kinds that can learn this, of those asked for. */
export function triedKinds(target: TargetKind, learners: readonly LearnerKind[] | null): LearnerKind[] {
  const kinds = Object.keys(FAMILIES) as LearnerKind[]
  return kinds.filter((kind) => (learners?.includes(kind) ?? true) && learnedBy(FAMILIES[kind].usual).includes(target))
}

/** The defaults of every kind, in order, then options by chance, one kind after the other; no two the same. */
export function* candidates(kinds: readonly LearnerKind[], seed: number): Generator<Learner> {
  const prng = createPrng(seed)
  const seen = new Set<string>()
  for (const kind of kinds) {
    const { usual } = FAMILIES[kind]
    seen.add(JSON.stringify(usual))
    yield usual
  }
  // After so many draws without a new one there is none left, or hardly any.
  for (let misses = 0; misses < 50 * kinds.length; ) {
    for (const kind of kinds) {
      const next = draw(FAMILIES[kind] as Family<Learner>, prng)
      const name = JSON.stringify(next)
      if (next === null || seen.has(name)) {
        misses++
        continue
      }
      seen.add(name)
      yield next
    }
  }
}

function draw({ usual, drawn }: Family<Learner>, prng: Prng): Learner | null {
  if (drawn === null) return null
  return { ...usual, ...drawn((choices) => choices[prng.int(choices.length)]!) } as Learner
}
