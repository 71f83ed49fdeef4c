/** The reference project with a second model on the same features: boosting of 300 trees with 31 leaves each. */
import { defineProject } from 'weir'
import example from '../../../../examples/streamflow/weir.config.ts'

const forest = example.models!.streamflow_churn!

/** The row `log` asks two servers, one without. */
const serving = { log: { enabled: process.env.WEIR_BENCH_LOG !== 'off' } }

export default defineProject({
  ...example,
  defaultModel: 'streamflow_churn',
  models: {
    ...example.models,
    boosted_churn: {
      ...forest,
      serving,
      runName: 'boosted_{as_of}',
      learner: { kind: 'gradient_boosting', rounds: 300, maxLeaves: 31, earlyStopping: null, seed: 42 },
    },
  },
})
