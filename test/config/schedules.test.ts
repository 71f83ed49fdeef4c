import { describe, expect, it } from 'vitest'
import { readProject } from '../../src/config/normalize.ts'

const project = (schedules: Record<string, unknown>) => ({
  name: 'p',
  sources: { users: { key: 'id', columns: { id: 'String', left: 'Bool', age: 'Int64' } } },
  entities: { user: { joinKeys: { id: 'String' } } },
  featureViews: { profile: { entity: 'user', source: 'users', features: { age: 'Int64' } } },
  featureServices: { all: ['profile'] },
  labels: { left: { entity: 'user', source: 'users', column: 'left', horizon: '30d' } },
  models: { churn: { experiment: 'e', features: 'all', label: 'left', learner: { kind: 'random_forest' } } },
  schedules,
})
const faultsOf = (schedules: Record<string, unknown>) =>
  Object.fromEntries(readProject(project(schedules), '/').faults.map(({ path, message }) => [path, message]))
const train = (more: object) => ({ flow: 'train_baseline', input: { model: 'churn', asOf: '{month}' }, ...more })

describe('schedules', () => {
  it('are complete after they were read', () => {
    const monthly = train({ cron: '0 6 2 * *', zone: 'Europe/Paris', on: { labels: 'left', withdrawn: '*' } })
    const often = { flow: 'materialize', every: '6h', catchUp: { most: 3 }, timeout: { run: '1h' } }
    const read = readProject(project({ monthly, often }), '/')
    expect(read.faults).toEqual([])
    expect(read.projects[0]!.schedules).toEqual([
      {
        ...{
          name: 'monthly',
          flow: 'train_baseline',
          input: { model: 'churn', asOf: '{month}' },
          zone: 'Europe/Paris',
        },
        timing: { cron: '0 6 2 * *', zone: 'Europe/Paris' },
        on: { delivered: null, withdrawn: ['users'], labels: 'left', drift: null },
        ...{ overlap: 'skip', catchUpMost: 1, retries: { times: 0, firstMs: 60_000, longestMs: 3_600_000 } },
        ...{ timeoutMs: null, stepTimeoutMs: null, concurrency: null },
      },
      {
        ...{ name: 'often', flow: 'materialize', input: {}, zone: 'UTC', timing: { everyMs: 21_600_000 } },
        on: { delivered: null, withdrawn: null, labels: null, drift: null },
        ...{ overlap: 'skip', catchUpMost: 3, retries: { times: 0, firstMs: 60_000, longestMs: 3_600_000 } },
        ...{ timeoutMs: 3_600_000, stepTimeoutMs: null, concurrency: null },
      },
    ])
  })

  it('have all of their faults reported at once, each with its path', () => {
    const faults = faultsOf({
      flow: { flow: 'train_basline', cron: '0 6 2 * *' },
      never: train({}),
      both: train({ cron: '0 6 31 2 *', every: '10s' }),
      terms: train({ every: '1h', input: { model: 'churm', asOf: '{mont}' } }),
      input: { flow: 'train_baseline', every: '1h', input: { model: 'churm', asof: '{month}' } },
      moment: train({ every: '1h', input: { model: 'churn', asOf: '{yearmonth}' } }),
      lists: { flow: 'materialize', every: '1h', input: { views: ['profile', 'profil'] } },
      on: train({ on: { delivered: ['users', 'user'], withdrawn: 'x', labels: 'lef', drift: 'chum' } }),
      policy: train({
        every: '1h',
        overlap: 'cancel',
        catchUp: 'all',
        retries: { first: '2h' },
        timeout: { step: '5ms' },
      }),
      one: train({ every: '1h', concurrency: { name: 'training' } }),
      two: train({ every: '1h', concurrency: { name: 'training', most: 2 } }),
    })
    expect(Object.keys(faults).sort()).toEqual([
      'schedules.both',
      'schedules.both.cron',
      'schedules.both.every',
      'schedules.flow.flow',
      'schedules.input.input.asOf',
      'schedules.input.input.asof',
      'schedules.input.input.model',
      'schedules.lists.input.views.1',
      'schedules.moment.input.asOf',
      'schedules.never',
      'schedules.on.on.delivered',
      'schedules.on.on.drift',
      'schedules.on.on.labels',
      'schedules.on.on.withdrawn',
      'schedules.policy.catchUp',
      'schedules.policy.retries.longest',
      'schedules.policy.timeout.step',
      'schedules.terms.input.asOf',
      'schedules.two.concurrency.most',
    ])
    expect(faults['schedules.both.cron']).toBe('it is never due: there is no such day')
    expect(faults['schedules.flow.flow']).toContain("did you mean 'train_baseline'?")
    expect(faults['schedules.input.input.asOf']).toContain('is needed')
    expect(faults['schedules.terms.input.asOf']).toContain('{mont} is no term; there are {period}')
  })

  it('with a member of another shape are said like every other part', () => {
    expect(
      Object.keys(faultsOf({ a: train({ zone: 'Paris', overlap: 'wait', crons: 'x', retries: { times: -1 } }) })),
    ).toEqual(
      expect.arrayContaining([
        'schedules.a.zone',
        'schedules.a.overlap',
        'schedules.a.crons',
        'schedules.a.retries.times',
      ]),
    )
  })
})
