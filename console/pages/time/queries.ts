import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { KeysAnswer } from '../../../src/wire/entities.ts'
import type { FeatureViewsAnswer } from '../../../src/wire/features.ts'
import type { DifferencesAnswer, MomentsAnswer, RowsAnswer, TimeKind } from '../../../src/wire/time.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import type { Setting } from './setting.ts'

export const PAGE_ROWS = 25

type Of = { kind: TimeKind; name: string }

/** Topics as events name them, so that a delivery moves the axes of an open page. */
export const momentsQuery = (of: Of, mode: string) =>
  queryOptions({
    queryKey: ['snapshots', 'moments', of, mode],
    queryFn: ({ signal }) => get<MomentsAnswer>(paths.timeMoments(of, { mode }), signal),
  })

/** What a setting tells never changes: it is kept while the sliders go to and fro. */
const FOR_EVER = { staleTime: 300_000, placeholderData: keepPreviousData }

export const rowsQuery = (of: Of, key: string | undefined, at: Setting, mode: string, skip: number) =>
  queryOptions({
    queryKey: ['time', 'rows', of, key, at, mode, skip],
    queryFn: ({ signal }) =>
      get<RowsAnswer>(paths.timeRows(of, { key, valid_at: at.t, known_at: at.k, mode, ...paged(skip) }), signal),
    ...FOR_EVER,
  })

export const differencesQuery = (of: Of, key: string | undefined, a: Setting, b: Setting, mode: string, skip: number) =>
  queryOptions({
    queryKey: ['time', 'differences', of, key, a, b, mode, skip],
    queryFn: ({ signal }) =>
      get<DifferencesAnswer>(
        paths.timeDifferences(of, {
          ...{ key, valid_at: a.t, known_at: a.k, other_valid_at: b.t, other_known_at: b.k, mode },
          ...paged(skip),
        }),
        signal,
      ),
    ...FOR_EVER,
  })

function paged(skip: number) {
  return { limit: PAGE_ROWS, page_token: skip > 0 ? String(skip) : undefined }
}

export const keysQuery = (entity: string, prefix: string) =>
  queryOptions({
    queryKey: ['keys', entity, prefix],
    queryFn: ({ signal }) => get<KeysAnswer>(paths.entityKeys(entity, prefix), signal),
    placeholderData: keepPreviousData,
  })

export const viewsQuery = queryOptions({
  queryKey: ['features', 'views'],
  queryFn: ({ signal }) => get<FeatureViewsAnswer>(paths.featureViews(), signal),
})
