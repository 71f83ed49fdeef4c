import protobuf from 'protobufjs/light.js'
import { describe, expect, test } from 'vitest'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Project } from '../../src/config/project.ts'
import { feastRegistryFile } from '../../src/features/feast/registry-file.ts'
import { loadStreamflow } from './real-data.ts'

const NOW = { nowMs: 1_706_659_200_000 }

/**
 * The field numbers once more, in Feast's own names and as its descriptors of 0.56.0 and 0.67.0 print them: a number that
 * is wrong in our descriptor must not be read back by the same one.
 */
const field = (type: string, id: number) => ({ type, id })
const list = (type: string, id: number) => ({ rule: 'repeated', type, id })
const textMap = (id: number) => ({ keyType: 'string', type: 'string', id })
const Registry = protobuf.Root.fromJSON({
  nested: {
    Timestamp: { fields: { seconds: field('int64', 1), nanos: field('int32', 2) } },
    Registry: {
      fields: {
        entities: list('Entity', 1),
        registry_schema_version: field('string', 3),
        last_updated: field('Timestamp', 5),
        feature_views: list('FeatureView', 6),
        feature_services: list('FeatureService', 7),
        on_demand_feature_views: list('FeatureView', 8),
        data_sources: list('DataSource', 12),
        project_metadata: list('ProjectMetadata', 15),
        projects: list('Project', 17),
      },
    },
    ProjectMetadata: { fields: { project: field('string', 1), project_uuid: field('string', 2) } },
    Project: { fields: { spec: field('ProjectSpec', 1) } },
    ProjectSpec: { fields: { name: field('string', 1) } },
    Entity: { fields: { spec: field('EntitySpec', 1) } },
    EntitySpec: {
      fields: {
        name: field('string', 1),
        value_type: field('int32', 2),
        join_key: field('string', 4),
        project: field('string', 9),
      },
    },
    Feature: { fields: { name: field('string', 1), value_type: field('int32', 2) } },
    FeatureView: { fields: { spec: field('FeatureViewSpec', 1) } },
    FeatureViewSpec: {
      fields: {
        name: field('string', 1),
        project: field('string', 2),
        entities: list('string', 3),
        features: list('Feature', 4),
        ttl: field('Timestamp', 6),
        batch_source: field('DataSource', 7),
        online: field('bool', 8),
        entity_columns: list('Feature', 12),
      },
    },
    FeatureService: { fields: { spec: field('FeatureServiceSpec', 1) } },
    FeatureServiceSpec: {
      fields: { name: field('string', 1), project: field('string', 2), features: list('Projection', 3) },
    },
    Projection: {
      fields: {
        feature_view_name: field('string', 1),
        feature_columns: list('Feature', 2),
        feature_view_name_alias: field('string', 3),
        join_key_map: textMap(4),
      },
    },
    DataSource: {
      fields: {
        type: field('int32', 1),
        field_mapping: textMap(2),
        timestamp_field: field('string', 3),
        file_options: field('FileOptions', 11),
        data_source_class_type: field('string', 17),
        name: field('string', 20),
        push_options: field('Empty', 22),
        batch_source: field('DataSource', 26),
      },
    },
    FileOptions: { fields: { uri: field('string', 2) } },
    Empty: { fields: {} },
  },
})
  .resolveAll()
  .lookup('Registry') as protobuf.Type

type Column = { name: string; value_type: number }
type View = {
  name: string
  entities: string[]
  features: Column[]
  entity_columns: Column[]
  ttl: { seconds: number; nanos: number }
  online: boolean
  batch_source: Record<string, unknown>
}
type Projection = {
  feature_view_name: string
  feature_view_name_alias: string
  feature_columns: Column[]
  join_key_map: Record<string, string>
}
type Decoded = {
  entities: { spec: { name: string; value_type: number; join_key: string; project: string } }[]
  feature_views: { spec: View }[]
  feature_services: { spec: { name: string; features: Projection[] } }[]
  on_demand_feature_views: unknown[]
  data_sources: Record<string, unknown>[]
  project_metadata: { project: string }[]
  projects: { spec: { name: string } }[]
}

function decoded(project: Project): Decoded {
  const message = Registry.decode(feastRegistryFile(project, NOW))
  return Registry.toObject(message, { arrays: true, objects: true, defaults: true, longs: Number }) as Decoded
}

describe('the registry file of the reference project', () => {
  test('holds its entity, four views and the service of 14 features', async () => {
    const registry = decoded(await loadStreamflow())
    expect(registry.projects.map((p) => p.spec.name)).toEqual(['streamflow'])
    expect(registry.project_metadata.map((p) => p.project)).toEqual(['streamflow'])
    const entity = { name: 'user', join_key: 'user_id', value_type: 2, project: 'streamflow' }
    expect(registry.entities[0]?.spec).toEqual(entity)
    const views = registry.feature_views.map((v) => v.spec)
    expect(views.map((v) => [v.name, v.entities, v.entity_columns, v.online])).toEqual(
      ['subs_profile_fv', 'usage_agg_30d_fv', 'payments_agg_90d_fv', 'support_agg_90d_fv'].map((name) => [
        name,
        ['user'],
        [{ name: 'user_id', value_type: 2 }],
        true,
      ]),
    )
    expect(views[0]?.features).toEqual([
      { name: 'months_active', value_type: 4 },
      { name: 'monthly_fee', value_type: 6 },
      { name: 'paperless_billing', value_type: 7 },
      { name: 'plan_stream_tv', value_type: 7 },
      { name: 'plan_stream_movies', value_type: 7 },
      { name: 'net_service', value_type: 2 },
    ])
    const service = registry.feature_services.map((s) => s.spec)
    expect(service.map((s) => s.name)).toEqual(['churn_features'])
    expect(service[0]?.features.map((p) => p.feature_view_name)).toEqual(views.map((v) => v.name))
    expect(service[0]?.features.flatMap((p) => p.feature_columns)).toEqual(views.flatMap((v) => v.features))
    expect(views.flatMap((v) => v.features)).toHaveLength(14)
  })

  test('names every source as one to push to, with a file behind it', async () => {
    const project = await loadStreamflow()
    const registry = decoded(project)
    expect(registry.data_sources.map((d) => d.name)).toEqual(project.sources.map((s) => s.name))
    expect(registry.data_sources[1]).toMatchObject({
      type: 9,
      data_source_class_type: 'feast.data_source.PushSource',
      push_options: {},
      batch_source: { type: 1, name: 'subscriptions_files', file_options: { uri: 'subscriptions.parquet' } },
    })
    expect(registry.feature_views[0]?.spec.batch_source).toMatchObject({ type: 1, timestamp_field: 'event_timestamp' })
  })

  test('has the same bytes for the same project and moment', async () => {
    const [one, two] = [await loadStreamflow(), await loadStreamflow()]
    expect(Buffer.from(feastRegistryFile(one, NOW))).toEqual(Buffer.from(feastRegistryFile(two, NOW)))
  })
})

describe('what the reference project has not', () => {
  const all = {
    s: 'String',
    i32: 'Int32',
    i64: 'Int64',
    f32: 'Float32',
    f64: 'Float64',
    b: 'Bool',
    d: 'Date',
    t: 'UnixTimestamp',
  } as const
  const registry = decoded(
    normalizeProject(
      {
        name: 'more',
        sources: {
          facts: { key: ['a', 'k'], columns: { a: 'Int64', k: 'String', ...all } },
          zones: { key: 'z', columns: { z: 'Int64', busy: 'Float64' } },
        },
        entities: { pair: { joinKeys: { a: 'Int64', k: 'String' } }, zone: { joinKeys: { zone_id: 'Int64' } } },
        featureViews: {
          facts: { entity: 'pair', source: 'facts', ttl: '90s', features: all },
          zones: {
            entity: 'zone',
            source: 'zones',
            keys: { zone_id: 'z' },
            features: { load: { type: 'Float64', column: 'busy' } },
          },
          twins: {
            entity: 'zone',
            source: 'zones',
            keys: { zone_id: 'z' },
            features: { busy: 'Float64', one: { type: 'Float64', column: 'busy' } },
          },
          world: { entity: null, source: 'zones', features: { busy: 'Float64' } },
        },
        onDemandViews: {
          twice: {
            inputs: ['zones:load'],
            features: { twice: 'Float64' },
            compute: (row: Record<string, unknown>) => ({ twice: Number(row.load) * 2 }),
          },
        },
        featureServices: {
          trip: [
            { view: 'zones', as: 'origin', keys: { zone_id: 'origin_id' } },
            { view: 'zones', as: 'target', keys: { zone_id: 'target_id' } },
            'facts:f32',
            'twice',
          ],
        },
      },
      '/',
    ),
  )
  const view = (name: string) => registry.feature_views.find((v) => v.spec.name === name)?.spec

  test('every type has its number, and a Date is text', () => {
    const types = Object.fromEntries(view('facts')?.features.map((f) => [f.name, f.value_type]) ?? [])
    expect(types).toEqual({ s: 2, i32: 3, i64: 4, f32: 6, f64: 5, b: 7, d: 2, t: 8 })
  })

  test('case 11: columns that a view calls otherwise are mapped to its names', () => {
    expect(view('zones')?.batch_source.field_mapping).toEqual({ z: 'zone_id', busy: 'load' })
    expect(view('facts')?.batch_source.field_mapping).toEqual({})
    // Under two names there is no one new name.
    expect(view('twins')?.batch_source.field_mapping).toEqual({ z: 'zone_id' })
  })

  test('a ttl is a duration, and none is zero', () => {
    expect([view('facts')?.ttl, view('zones')?.ttl]).toEqual([
      { seconds: 90, nanos: 0 },
      { seconds: 0, nanos: 0 },
    ])
  })

  test('an entity of two keys becomes two of one; a view without an entity has the dummy', () => {
    expect(registry.entities.map(({ spec }) => [spec.name, spec.join_key, spec.value_type])).toEqual([
      ['a', 'a', 4],
      ['k', 'k', 2],
      ['zone', 'zone_id', 4],
      ['__dummy', '__dummy_id', 2],
    ])
    expect([view('facts')?.entities, view('zones')?.entities, view('world')?.entities]).toEqual([
      ['a', 'k'],
      ['zone'],
      ['__dummy'],
    ])
    expect(view('zones')?.entity_columns).toEqual([{ name: 'zone_id', value_type: 4 }])
    expect(view('world')?.entity_columns).toEqual([{ name: '__dummy_id', value_type: 2 }])
  })

  test('a role is an alias with a map of join keys; features on demand are left out', () => {
    const busy = [{ name: 'load', value_type: 5 }]
    const zones = { feature_view_name: 'zones', feature_columns: busy }
    expect(registry.feature_services[0]?.spec.features).toEqual([
      { ...zones, feature_view_name_alias: 'origin', join_key_map: { zone_id: 'origin_id' } },
      { ...zones, feature_view_name_alias: 'target', join_key_map: { zone_id: 'target_id' } },
      {
        feature_view_name: 'facts',
        feature_columns: [{ name: 'f32', value_type: 6 }],
        feature_view_name_alias: '',
        join_key_map: {},
      },
    ])
    expect(registry.on_demand_feature_views).toEqual([])
  })
})
