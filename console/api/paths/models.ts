import { part, queryString } from '../query-string.ts'

const below = (name: string) => `models/${part(name)}`
const versionPath = (name: string, version: number | string) => `${below(name)}/versions/${part(version)}`

export const models = () => 'models'
export const model = (name: string) => below(name)
export const modelVersions = (name: string, before?: string | null) =>
  `${below(name)}/versions${queryString({ page_token: before, limit: 100 })}`
export const modelVersion = versionPath
export const modelCard = (name: string, version: number | string) => `${versionPath(name, version)}/card`
export const modelGate = (name: string, version: number | string) => `${versionPath(name, version)}/gate`
export const modelHistory = (name: string, deleted: boolean) =>
  `${below(name)}/history${queryString({ deleted: deleted ? 'true' : null })}`
export const modelTimeline = (name: string) => `${below(name)}/timeline`
export const modelServers = (name: string) => `${below(name)}/servers`
export const modelBack = (name: string) => `${below(name)}/back`
export const modelPromotions = (name: string) => `${below(name)}/promotions`
export const openPromotions = (name?: string) =>
  `${name === undefined ? 'promotions' : `${below(name)}/promotions`}${queryString({ open: 'true' })}`
export const decidePromotion = (name: string, id: number, what: 'accept' | 'decline' | 'withdraw') =>
  `${below(name)}/promotions/${id}/${what}`
export const modelArms = (name: string) => `${below(name)}/arms`
export const modelArm = (name: string, version: number) => `${below(name)}/arms/${version}`
export const modelArmStop = (name: string, version: number) => `${below(name)}/arms/${version}/stop`
type AnswersQuery = Partial<
  Record<'key' | 'version' | 'arm' | 'from' | 'to' | 'snapshot' | 'page_token', string | undefined>
> & { limit: number }
export const modelAnswers = (name: string, query: AnswersQuery) => `${below(name)}/predictions${queryString(query)}`
