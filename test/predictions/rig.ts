import type { Log } from '../../src/base/log.ts'
import { silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Project } from '../../src/config/project.ts'
import type { Database } from '../../src/db/sql.ts'
import type { Answered } from '../../src/predictions/answer.ts'
import { createPredictions } from '../../src/predictions/predictions.ts'
import { openRig as openFeatures } from '../features/rig.ts'

/** Two models of the same entity, one of an entity with two join keys, one that uses a view under a role. */
export function projectOf(log: Record<string, object> = {}): Project {
  const model = (name: string, features: string, label = 'y') => ({
    [name]: { experiment: 'e', features, label, learner: { kind: 'random_forest' }, serving: { log: log[name] ?? {} } },
  })
  return normalizeProject(
    {
      name: 'asked',
      sources: {
        state: { key: 'id', columns: { id: 'String', n: 'Int64', note: 'String', ok: 'Bool', at: 'UnixTimestamp' } },
        more: { key: 'id', columns: { id: 'String', v: 'Float64' } },
        seats: { key: ['hall', 'seat'], columns: { hall: 'String', seat: 'Int64', price: 'Float64' } },
        labels: { key: 'id', columns: { id: 'String', y: 'Bool' } },
        taken: { key: ['hall', 'seat'], columns: { hall: 'String', seat: 'Int64', t: 'Bool' } },
      },
      entities: {
        user: { joinKeys: { id: 'String' } },
        seat: { joinKeys: { hall: 'String', seat: 'Int64' } },
      },
      featureViews: {
        state: {
          entity: 'user',
          source: 'state',
          features: { n: 'Int64', note: 'String', ok: 'Bool', at: 'UnixTimestamp' },
        },
        more: { entity: 'user', source: 'more', features: { v: 'Float64' } },
        seats: { entity: 'seat', source: 'seats', features: { price: 'Float64' } },
      },
      featureServices: {
        all: ['state:n', 'state:note', 'state:ok', 'state:at', 'more'],
        some: ['more'],
        seats: ['seats'],
      },
      labels: {
        y: { entity: 'user', source: 'labels', column: 'y', horizon: '10d' },
        t: { entity: 'seat', source: 'taken', column: 't', horizon: '10d' },
      },
      models: { ...model('churn', 'all'), ...model('upsell', 'some'), ...model('seat', 'seats', 't') },
      defaultModel: 'churn',
    },
    '/',
  )
}

export const AT = Date.UTC(2024, 1, 3, 10, 0, 0)

/** An answer of `churn` as serving gives it. */
export function answer(change: Partial<Answered> = {}): Answered {
  return {
    requestId: 'r1',
    model: 'churn',
    version: '1',
    runId: 'a'.repeat(32),
    arm: 'champion',
    keys: ['u1'],
    values: [9007199254740993n, 'a "note"\twith\\signs\nü', true, '2024-01-31T00:00:00.000001Z', 0.1],
    statuses: ['PRESENT', 'PRESENT', 'PRESENT', 'PRESENT', 'PRESENT'],
    featureTimes: new Array(5).fill('2024-01-31T00:00:00.000000Z'),
    said: { prediction: 1, probability: 0.75 },
    score: 0.75,
    atMs: AT,
    latencyMs: 1.5,
    returned: true,
    error: null,
    ...change,
  }
}

export async function openRig() {
  const base = await openFeatures()
  base.clock.set(AT)
  function logOf(project = projectOf(), { db = base.db, log = silentLog }: { db?: Database; log?: Log } = {}) {
    const features = base.features(project)
    const { lake, clock } = base
    return createPredictions({ sql: db, lake, features, project, clock, log })
  }
  return { ...base, logOf }
}
