import protobuf from 'protobufjs/light.js'
import { must } from '../../base/assert.ts'
import type { FeatureService, FeatureView, Project, Source, ValueType } from '../../config/project.ts'

/**
 * The project as a registry file of Feast, so that its clients up to 0.63, which look every name up in a registry, work
 * against us: they read it from a path. The part of feast/protos/feast/core/*.proto that they need; field
 * names and numbers are those of Feast 0.56 and 0.67 (Apache-2.0, https://github.com/feast-dev/feast).
 * On-demand views are left out: a client would want their Python function. It asks our server for them by name.
 */
const TIMED = {
  fields: { createdTimestamp: { type: 'Timestamp', id: 1 }, lastUpdatedTimestamp: { type: 'Timestamp', id: 2 } },
}
const DESCRIPTOR = {
  nested: {
    Timestamp: { fields: { seconds: { type: 'int64', id: 1 }, nanos: { type: 'int32', id: 2 } } },
    Duration: { fields: { seconds: { type: 'int64', id: 1 }, nanos: { type: 'int32', id: 2 } } },
    Meta: TIMED,
    Registry: {
      fields: {
        entities: { rule: 'repeated', type: 'Entity', id: 1 },
        registrySchemaVersion: { type: 'string', id: 3 },
        versionId: { type: 'string', id: 4 },
        lastUpdated: { type: 'Timestamp', id: 5 },
        featureViews: { rule: 'repeated', type: 'FeatureView', id: 6 },
        featureServices: { rule: 'repeated', type: 'FeatureService', id: 7 },
        dataSources: { rule: 'repeated', type: 'DataSource', id: 12 },
        projectMetadata: { rule: 'repeated', type: 'ProjectMetadata', id: 15 },
        projects: { rule: 'repeated', type: 'Project', id: 17 },
      },
    },
    ProjectMetadata: { fields: { project: { type: 'string', id: 1 }, projectUuid: { type: 'string', id: 2 } } },
    Project: { fields: { spec: { type: 'ProjectSpec', id: 1 }, meta: { type: 'Meta', id: 2 } } },
    ProjectSpec: { fields: { name: { type: 'string', id: 1 } } },
    Entity: { fields: { spec: { type: 'EntitySpec', id: 1 }, meta: { type: 'Meta', id: 2 } } },
    EntitySpec: {
      fields: {
        name: { type: 'string', id: 1 },
        valueType: { type: 'int32', id: 2 },
        joinKey: { type: 'string', id: 4 },
        project: { type: 'string', id: 9 },
      },
    },
    Column: { fields: { name: { type: 'string', id: 1 }, valueType: { type: 'int32', id: 2 } } },
    FeatureView: { fields: { spec: { type: 'FeatureViewSpec', id: 1 }, meta: { type: 'Meta', id: 2 } } },
    FeatureViewSpec: {
      fields: {
        name: { type: 'string', id: 1 },
        project: { type: 'string', id: 2 },
        entities: { rule: 'repeated', type: 'string', id: 3 },
        features: { rule: 'repeated', type: 'Column', id: 4 },
        ttl: { type: 'Duration', id: 6 },
        batchSource: { type: 'DataSource', id: 7 },
        online: { type: 'bool', id: 8 },
        streamSource: { type: 'DataSource', id: 9 },
        entityColumns: { rule: 'repeated', type: 'Column', id: 12 },
      },
    },
    FeatureService: { fields: { spec: { type: 'FeatureServiceSpec', id: 1 }, meta: { type: 'Meta', id: 2 } } },
    FeatureServiceSpec: {
      fields: {
        name: { type: 'string', id: 1 },
        project: { type: 'string', id: 2 },
        features: { rule: 'repeated', type: 'Projection', id: 3 },
      },
    },
    Projection: {
      fields: {
        featureViewName: { type: 'string', id: 1 },
        featureColumns: { rule: 'repeated', type: 'Column', id: 2 },
        featureViewNameAlias: { type: 'string', id: 3 },
        joinKeyMap: { keyType: 'string', type: 'string', id: 4 },
      },
    },
    DataSource: {
      fields: {
        type: { type: 'int32', id: 1 },
        fieldMapping: { keyType: 'string', type: 'string', id: 2 },
        timestampField: { type: 'string', id: 3 },
        createdTimestampColumn: { type: 'string', id: 5 },
        fileOptions: { type: 'FileOptions', id: 11 },
        dataSourceClassType: { type: 'string', id: 17 },
        name: { type: 'string', id: 20 },
        project: { type: 'string', id: 21 },
        pushOptions: { type: 'Empty', id: 22 },
        batchSource: { type: 'DataSource', id: 26 },
      },
    },
    Empty: { fields: {} },
    FileOptions: { fields: { fileFormat: { type: 'FileFormat', id: 1 }, uri: { type: 'string', id: 2 } } },
    FileFormat: { fields: { parquetFormat: { type: 'Empty', id: 1 } } },
  },
}

const Registry = protobuf.Root.fromJSON(DESCRIPTOR).lookupType('Registry')

/** Of feast.types.ValueType. Feast has no date; ours are text there. */
const TYPES: Record<ValueType, number> = {
  String: 2,
  Int32: 3,
  Int64: 4,
  Float64: 5,
  Float32: 6,
  Bool: 7,
  Date: 2,
  UnixTimestamp: 8,
}

/** What Feast calls a view without an entity. */
export const NO_ENTITY = { name: '__dummy', joinKey: '__dummy_id', type: 'String' } as const

const BATCH_FILE = 1
const PUSH_SOURCE = 9

export function feastRegistryFile(project: Project, { nowMs }: { nowMs: number }): Uint8Array {
  const now = { seconds: Math.floor(nowMs / 1000), nanos: 0 }
  const meta = { createdTimestamp: now, lastUpdatedTimestamp: now }
  const spec = { name: project.name }
  const message = {
    registrySchemaVersion: '1',
    versionId: String(nowMs),
    lastUpdated: now,
    projectMetadata: [{ project: project.name, projectUuid: project.name }],
    projects: [{ spec, meta }],
    entities: entities(project).map((entity) => ({ spec: entity, meta })),
    dataSources: project.sources.map((source) => pushSource(project, source)),
    featureViews: project.featureViews.map((view) => ({ spec: viewSpec(project, view), meta })),
    featureServices: project.featureServices.map((service) => ({ spec: serviceSpec(project, service), meta })),
  }
  return Registry.encode(Registry.fromObject(message)).finish()
}

/** An entity of Feast has one join key; one of ours with several becomes several, named by their keys. */
function entities(project: Project) {
  const own = project.entities.flatMap((entity) =>
    entity.joinKeys.map(({ name, type }) => ({
      name: entity.joinKeys.length === 1 ? entity.name : name,
      joinKey: name,
      valueType: TYPES[type],
      project: project.name,
    })),
  )
  const { name, joinKey, type } = NO_ENTITY
  return [...own, { name, joinKey, valueType: TYPES[type], project: project.name }]
}

function viewSpec(project: Project, view: FeatureView) {
  const names = view.keys.length === 1 ? [must(view.entity)] : view.keys.map((key) => key.name)
  const keys = view.entity === null ? [{ name: NO_ENTITY.joinKey, type: NO_ENTITY.type }] : view.keys
  const source = must(project.sources.find((s) => s.name === view.source))
  return {
    name: view.name,
    project: project.name,
    entities: view.entity === null ? [NO_ENTITY.name] : names,
    features: view.features.map(column),
    entityColumns: keys.map(column),
    ttl: { seconds: Math.floor((view.ttlMs ?? 0) / 1000), nanos: ((view.ttlMs ?? 0) % 1000) * 1e6 },
    batchSource: { ...fileSource(project, source), fieldMapping: fieldMapping(view) },
    // A client finds the views of a push source by this.
    streamSource: pushSource(project, source),
    online: true,
  }
}

/** Every source can be pushed to, under its own name. */
function pushSource(project: Project, source: Source) {
  return {
    name: source.name,
    project: project.name,
    type: PUSH_SOURCE,
    pushOptions: {},
    dataSourceClassType: 'feast.data_source.PushSource',
    batchSource: fileSource(project, source),
  }
}

function fileSource(project: Project, source: Source) {
  return {
    name: `${source.name}_files`,
    project: project.name,
    type: BATCH_FILE,
    timestampField: source.eventTime ?? 'event_timestamp',
    createdTimestampColumn: source.availableAt ?? '',
    dataSourceClassType: 'feast.infra.offline_stores.file_source.FileSource',
    fileOptions: { fileFormat: { parquetFormat: {} }, uri: `${source.name}.parquet` },
  }
}

/**
 * Columns of the source that the view calls otherwise: a client renames a frame's columns by it. One that the view has
 * under two names, or that is itself the name of another column of the view, has no single new name and is left out.
 */
function fieldMapping(view: FeatureView): Record<string, string> {
  const read = [...view.keys, ...view.features].flatMap(({ name, column }) =>
    column === null ? [] : [{ name, column }],
  )
  const renamed = read.filter(({ name, column }) => {
    const alone = read.filter((other) => other.column === column || other.name === column).length === 1
    return name !== column && alone
  })
  return Object.fromEntries(renamed.map(({ name, column }) => [column, name]))
}

function serviceSpec(project: Project, service: FeatureService) {
  const stored = service.features.filter((f) => project.featureViews.some((view) => view.name === f.view))
  const names = [...new Set(stored.map((f) => f.role?.as ?? f.view))]
  const features = names.map((name) => {
    const mine = stored.filter((f) => (f.role?.as ?? f.view) === name)
    const { view: viewName, role } = must(mine[0])
    const view = must(project.featureViews.find((v) => v.name === viewName))
    return {
      featureViewName: viewName,
      featureViewNameAlias: role?.as ?? '',
      joinKeyMap: role?.keys ?? {},
      featureColumns: mine.map((f) => column(must(view.features.find((x) => x.name === f.feature)))),
    }
  })
  return { name: service.name, project: project.name, features }
}

function column({ name, type }: { name: string; type: ValueType }) {
  return { name, valueType: TYPES[type] }
}
