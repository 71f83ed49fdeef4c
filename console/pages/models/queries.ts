import { queryOptions } from '@tanstack/react-query'
import type { ArmsAnswer } from '../../../src/wire/arms.ts'
import type { TimelineAnswer } from '../../../src/wire/quality.ts'
import type {
  GateAnswer,
  HistoryAnswer,
  ModelAnswer,
  ModelsAnswer,
  RequestsAnswer,
  ServersAnswer,
  VersionAnswer,
  VersionsAnswer,
} from '../../../src/wire/registry.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: ({ signal }) => get<ModelsAnswer>(paths.models(), signal),
})

export const modelQuery = (name: string) =>
  queryOptions({
    queryKey: ['models', name],
    queryFn: ({ signal }) => get<ModelAnswer>(paths.model(name), signal),
  })

export const versionsQuery = (name: string, before: string | null) =>
  queryOptions({
    queryKey: ['models', name, 'versions', before],
    queryFn: ({ signal }) => get<VersionsAnswer>(paths.modelVersions(name, before), signal),
  })

export const versionQuery = (name: string, version: string) =>
  queryOptions({
    queryKey: ['models', name, 'version', version],
    queryFn: ({ signal }) => get<VersionAnswer>(paths.modelVersion(name, version), signal),
  })

export const gateQuery = (name: string, version: number | string) =>
  queryOptions({
    queryKey: ['models', name, 'gate', String(version)],
    queryFn: ({ signal }) => get<GateAnswer>(paths.modelGate(name, version), signal),
  })

export const historyQuery = (name: string, deleted: boolean) =>
  queryOptions({
    queryKey: ['models', name, 'history', deleted],
    queryFn: ({ signal }) => get<HistoryAnswer>(paths.modelHistory(name, deleted), signal),
  })

export const requestsQuery = (name: string) =>
  queryOptions({
    queryKey: ['models', name, 'requests'],
    queryFn: ({ signal }) => get<RequestsAnswer>(paths.openPromotions(name), signal),
  })

/** No event tells that a server has swapped: asked often while some have not, and seldom else. */
const SWAPPING_MS = 1_000
const QUIET_MS = 15_000

export const serversQuery = (name: string) =>
  queryOptions({
    queryKey: ['models', name, 'servers'],
    queryFn: ({ signal }) => get<ServersAnswer>(paths.modelServers(name), signal),
    refetchInterval: ({ state: { data } }) =>
      data && data.promoted !== null && data.servers.length > 0 && !data.all_swapped ? SWAPPING_MS : QUIET_MS,
  })

/** Numbers of what is tried come in each second. */
const TRYING_MS = 2_000

export const armsQuery = (name: string) =>
  queryOptions({
    queryKey: ['models', name, 'arms'],
    queryFn: ({ signal }) => get<ArmsAnswer>(paths.modelArms(name), signal),
    refetchInterval: ({ state: { data } }) => ((data?.arms.length ?? 0) > 1 ? TRYING_MS : QUIET_MS),
  })

export const timelineQuery = (name: string) =>
  queryOptions({
    queryKey: ['models', name, 'timeline'],
    queryFn: ({ signal }) => get<TimelineAnswer>(paths.modelTimeline(name), signal),
  })
