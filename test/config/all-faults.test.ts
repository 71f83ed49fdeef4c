import { describe, expect, it } from 'vitest'
import { readProject } from '../../src/config/normalize.ts'

/** A project without a fault; each test spoils some of it. */
const good = () => ({
  name: 'p',
  sources: {
    users: {
      key: 'id',
      columns: { id: 'String', age: 'Int64', born: 'Date', left: 'Bool' } as Record<string, unknown>,
      checks: [] as unknown[],
    } as Record<string, unknown>,
    events: {
      kind: 'changes',
      key: 'id',
      eventTime: 'ts',
      columns: { id: 'String', ts: 'UnixTimestamp', v: 'Float64' },
    },
  } as Record<string, Record<string, unknown>>,
  entities: { user: { joinKeys: { id: 'String' } } } as Record<string, unknown>,
  featureViews: {
    profile: { entity: 'user', source: 'users', features: { age: 'Int64' } },
    events: { entity: 'user', source: 'events', features: { v: 'Float64' } },
  } as Record<string, Record<string, unknown>>,
  featureServices: { all: ['profile:age', 'events'] } as Record<string, unknown>,
  labels: { y: { entity: 'user', source: 'users', column: 'left', horizon: '30d' } } as Record<
    string,
    Record<string, unknown>
  >,
  models: { m: { experiment: 'e', features: 'all', label: 'y', learner: { kind: 'random_forest' } } } as Record<
    string,
    Record<string, unknown>
  >,
})

/** The paths of the faults after a change. */
function faultsAfter(change: (project: ReturnType<typeof good>) => void): string[] {
  const project = good()
  change(project)
  return readProject(project, '/').faults.map((fault) => fault.path)
}

describe('all faults are reported at once', () => {
  it('those between the parts too, where the shape of another part has a fault', () => {
    const faults = faultsAfter((p) => {
      Object.assign(p.sources.users!, { publishDelay: 'soon', key: 'idd' })
      Object.assign(p.featureViews.events!, { source: 'event', ttl: 5 })
      Object.assign(p.labels.y!, { horizon: '10 dayz', column: 'leftt' })
      Object.assign(p.models.m!, { features: 'alll', threshold: 7 })
      p.featureServices.more = ['profil:age', 'profile:agee']
    })
    expect(faults.sort()).toEqual([
      'featureServices.more.0',
      'featureServices.more.1',
      'featureViews.events.source',
      'featureViews.events.ttl',
      'labels.y.column',
      'labels.y.horizon',
      'models.m.features',
      'models.m.threshold',
      'sources.users.key',
      'sources.users.publishDelay',
    ])
  })

  it.each<[string, (p: ReturnType<typeof good>) => void, string[]]>([
    [
      'a type of a column',
      (p) => Object.assign(p.sources.users!.columns!, { age: 'Int' }),
      ['sources.users.columns.age'],
    ],
    [
      'a type that a time, a rule and a label would need',
      (p) => {
        Object.assign(p.sources.events!.columns!, { ts: 'Timestamp' })
        Object.assign(p.sources.users!.columns!, {
          left: { type: 'Boolean' },
          age: { type: 'Int', checks: [{ rule: 'range', min: 0 }] },
        })
      },
      ['sources.events.columns.ts', 'sources.users.columns.age.type', 'sources.users.columns.left.type'],
    ],
    ['the columns', (p) => Object.assign(p.sources.users!, { columns: 5 }), ['sources.users.columns']],
    ['the kind', (p) => Object.assign(p.sources.events!, { kind: 'change' }), ['sources.events.kind']],
    ['a whole source', (p) => Object.assign(p.sources, { users: 'users.csv' }), ['sources.users']],
    ['all sources', (p) => Object.assign(p, { sources: [] }), ['sources']],
    ['all views', (p) => Object.assign(p, { featureViews: 'x' }), ['featureViews']],
    ['all labels', (p) => Object.assign(p, { labels: 3 }), ['labels']],
    ['a view', (p) => Object.assign(p.featureViews, { profile: null }), ['featureViews.profile']],
    [
      'the source of a view',
      (p) => Object.assign(p.featureViews.profile!, { source: 7 }),
      ['featureViews.profile.source'],
    ],
    ['the join keys', (p) => Object.assign(p.entities, { user: {} }), ['entities.user.joinKeys']],
    [
      'the features of a view',
      (p) => Object.assign(p.featureViews.events!, { features: { v: 'Float' } }),
      ['featureViews.events.features.v'],
    ],
    ['a service', (p) => Object.assign(p.featureServices, { all: [5, 'events'] }), ['featureServices.all']],
    ['the label of a model', (p) => Object.assign(p.models.m!, { label: {} }), ['models.m.label']],
    [
      'misspelt properties',
      (p) => {
        const { eventTime, columns, ...rest } = p.sources.events!
        p.sources.events = { ...rest, evenTime: eventTime, colums: columns }
      },
      ['sources.events.columns', 'sources.events.colums', 'sources.events.evenTime'],
    ],
  ])('and nothing is said that rests on what cannot be read: %s', (_what, change, expected) => {
    const faults = faultsAfter(change).map((path) => path.replace(/^(featureServices\.all)\..*/, '$1'))
    expect([...new Set(faults)].sort()).toEqual(expected)
  })

  it('a rule of a part as a whole is told beside a fault in another part', () => {
    const faults = faultsAfter((p) => {
      Object.assign(p.sources.users!, { postgres: { table: 'a', query: 'b' }, publishDelay: 'soon' })
      Object.assign(p.sources.users!.columns!, { nr: 'In64' })
    })
    expect(faults.sort()).toEqual(['sources.users.columns.nr', 'sources.users.postgres', 'sources.users.publishDelay'])
  })

  it('what is wrong whatever type is put there is told beside the type', () => {
    const project = good()
    Object.assign(project.featureViews.events!, { features: { v: 'Float64', created: 'Int' } })
    const path = 'featureViews.events.features.created'
    expect(readProject(project, '/').faults).toEqual([
      { path, message: expect.stringContaining("'Int' is not allowed") },
      { path, message: expect.stringContaining("there is no column of events 'created'") },
      { path, message: 'this name is taken by Weir; choose another' },
    ])
  })

  it('a definition that is nothing at all has its own fault alone', () => {
    expect(readProject(5, '/')).toMatchObject({ faults: [{ path: '(project)' }] })
    expect(
      readProject({}, '/')
        .faults.map(({ path }) => path)
        .sort(),
    ).toEqual(['entities', 'name', 'sources'])
  })
})
