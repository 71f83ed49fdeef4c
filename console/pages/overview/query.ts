import { queryOptions } from '@tanstack/react-query'
import type { OverviewAnswer } from '../../../src/wire/overview.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'

/** Traffic tells no event of itself: it is asked for anew. The rest comes at once, by events. */
const AGAIN_MS = 10_000

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => get<OverviewAnswer>(paths.overview(), signal),
  refetchInterval: AGAIN_MS,
})
