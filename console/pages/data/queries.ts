import { queryOptions } from '@tanstack/react-query'
import type { SourcesAnswer } from '../../../src/wire/snapshots.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'

export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: ({ signal }) => get<SourcesAnswer>(paths.sources(), signal),
})
