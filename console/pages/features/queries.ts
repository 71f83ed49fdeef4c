import { queryOptions } from '@tanstack/react-query'
import type { HistoryAnswer } from '../../../src/wire/entities.ts'
import type { FeatureViewAnswer, MomentsStatisticsAnswer } from '../../../src/wire/features.ts'
import type { ColumnsAnswer } from '../../../src/wire/snapshots.ts'
import type { RowsAnswer } from '../../../src/wire/time.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'

export const viewQuery = (name: string) =>
  queryOptions({
    queryKey: ['features', 'view', name],
    queryFn: ({ signal }) => get<FeatureViewAnswer>(paths.featureView(name), signal),
  })

export const viewMomentsQuery = (name: string) =>
  queryOptions({
    queryKey: ['snapshots', 'view', name],
    queryFn: ({ signal }) => get<MomentsStatisticsAnswer>(paths.featureViewMoments(name), signal),
  })

/** Bins that are the same for all months; of features that are a column of the source. */
export const histogramsQuery = (source: string, columns: readonly string[]) =>
  queryOptions({
    queryKey: ['snapshots', 'columns', source, columns],
    queryFn: ({ signal }) => get<ColumnsAnswer>(paths.sourceColumns(source, { column: columns }), signal),
    enabled: columns.length > 0,
  })

export const entityNowQuery = (entity: string, key: string) =>
  queryOptions({
    queryKey: ['snapshots', 'entity', entity, key],
    queryFn: ({ signal }) =>
      get<RowsAnswer>(paths.timeRows({ kind: 'entities', name: entity }, { key, ...ALL }), signal),
  })

export const entityHistoryQuery = (entity: string, key: string) =>
  queryOptions({
    queryKey: ['snapshots', 'history', entity, key],
    queryFn: ({ signal }) => get<HistoryAnswer>(paths.entityHistory(entity, { key, limit: 200 }), signal),
  })

const ALL = { limit: 1000 }
